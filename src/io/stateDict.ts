import type { DType, TypedArray } from "../core/dtype.ts";
import { ValueError } from "../core/errors.ts";
import type { StoredTensor } from "./safetensorsFormat.ts";

/** What saving needs of a tensor: its type, its shape, its values. */
export interface ReadableTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  data(): Promise<TypedArray>;
}

/** Tensors by name: what `model.stateDict()` gives, or a plain object. */
export type ReadableStateDict =
  | ReadonlyMap<string, ReadableTensor>
  | Readonly<Record<string, ReadableTensor>>;

/** Reads every tensor back from its device; all reads are asked for before one is awaited. */
export async function readStateDict(dict: ReadableStateDict): Promise<[string, StoredTensor][]> {
  const entries = isMap(dict) ? [...dict] : Object.entries(dict);
  return Promise.all(
    entries.map(async ([name, tensor]): Promise<[string, StoredTensor]> => {
      checkTensor(name, tensor);
      return [name, { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() }];
    }),
  );
}

/** What comes from plain JavaScript or a cast is checked here, before a file is touched. */
function checkTensor(name: string, value: unknown): void {
  const isReadable = typeof value === "object" && value !== null && "data" in value;
  if (isReadable && typeof value.data === "function") return;
  throw new ValueError(
    `safetensors: only tensors can be saved; got ${typeof value} under ${JSON.stringify(name)}. ` +
      "Pass model.stateDict(), or an object such as { weight: tensor([1, 2]) }.",
  );
}

function isMap(dict: ReadableStateDict): dict is ReadonlyMap<string, ReadableTensor> {
  return dict instanceof Map;
}
