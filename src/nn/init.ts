/** Initial values of parameters, under the names of torch.nn.init. */
export {
  constant,
  type Initializer,
  normal,
  ones,
  uniform,
  zeros,
} from "./init/initializer.ts";
export { type LsuvLayer, type LsuvOptions, lsuv } from "./init/lsuv.ts";
export { orthogonal } from "./init/orthogonal.ts";
export {
  biasDefault,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  layerDefault,
  lecunNormal,
  lecunUniform,
  type XavierOptions,
  xavierNormal,
  xavierUniform,
} from "./init/scaled.ts";
export { dirac, eye, type SparseOptions, sparse } from "./init/structured.ts";
export { truncNormal } from "./init/truncNormal.ts";
