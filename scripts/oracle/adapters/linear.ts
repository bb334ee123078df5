import * as tg from "../../../src/index.ts";
import { type Adapters, adapter } from "./adapter.ts";

/** All of PyTorch's products of two tensors are cases of matmul. */
const product = (second: string) =>
  adapter(`input ${second}`, (a) => tg.matmul(a.tensor("input"), a.tensor(second)));

export const linear: Adapters = {
  bmm: product("mat2"),
  dot: product("other"),
  matmul: product("other"),
  mm: product("mat2"),
  mv: product("vec"),
  __rmatmul__: adapter("input other", (a) => tg.matmul(a.tensor("other"), a.tensor("input"))),
};
