import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter, type Result, unary } from "./adapter.ts";

type Binary = (a: tg.Tensor, b: tg.Tensor) => tg.Tensor;

/** A product of two tensors; the name of the second differs. */
const product = (f: Binary, second: string) =>
  adapter(`input ${second}`, (a) => f(a.tensor("input"), a.tensor(second)));

type Summed = (x: tg.Tensor, a: tg.Tensor, b: tg.Tensor, o: tg.ScaleOptions) => tg.Tensor;

/** beta·input + alpha·product. */
const summed = (f: Summed, first: string, second: string) =>
  adapter(`input ${first} ${second}`, (a) => {
    const options = { beta: a.number("beta", 1), alpha: a.number("alpha", 1) };
    return f(a.tensor("input"), a.tensor(first), a.tensor(second), options);
  });

/** torch.einsum(equation, *operands), or with the operands in one list; OpInfo puts it first. */
function einsum(a: Arguments): Result {
  const equation = typeof a.any("equation") === "string" ? "equation" : "operands";
  const operands = equation === "equation" ? "operands" : "equation";
  const text = a.any(equation);
  const given = a.any(operands);
  const list = (Array.isArray(given) ? given.flat() : [given]) as tg.Tensor[];
  const words = Array.isArray(text) ? text[0] : text;
  if (typeof words !== "string") throw a.without("sublists");
  return tg.einsum(words, ...list);
}

function tensordot(a: Arguments): Result {
  const axes = a.any("dims") ?? 2;
  return tg.tensordot(a.tensor("a"), a.tensor("b"), axes as tg.ContractedAxes);
}

function cdist(a: Arguments): Result {
  a.any("compute_mode");
  return tg.cdist(a.tensor("x1"), a.tensor("x2"), a.number("p", 2));
}

const cross = adapter("input other dim", (a) =>
  tg.cross(a.tensor("input"), a.tensor("other"), a.has("dim") ? a.number("dim") : undefined),
);

export const linear: Adapters = {
  __rmatmul__: adapter("input other", (a) => tg.matmul(a.tensor("other"), a.tensor("input"))),
  addbmm: summed(tg.addbmm, "batch1", "batch2"),
  addmm: summed(tg.addmm, "mat1", "mat2"),
  addmv: summed(tg.addmv, "mat", "vec"),
  addr: summed(tg.addr, "vec1", "vec2"),
  baddbmm: summed(tg.baddbmm, "batch1", "batch2"),
  bilinear: adapter("input1 input2 weight bias", (a) =>
    tg.bilinear(a.tensor("input1"), a.tensor("input2"), a.tensor("weight"), a.maybeTensor("bias")),
  ),
  bmm: product(tg.bmm, "mat2"),
  cdist: adapter("x1 x2 p compute_mode", cdist),
  chain_matmul: adapter("*matrices", (a) => tg.chainMatmul(...a.tensors("matrices").flat())),
  corrcoef: unary(tg.corrcoef),
  cov: adapter("input correction fweights aweights", (a) =>
    tg.cov(a.tensor("input"), {
      correction: a.number("correction", 1),
      fweights: a.maybeTensor("fweights"),
      aweights: a.maybeTensor("aweights"),
    }),
  ),
  cross,
  dot: product(tg.dot, "other"),
  einsum: adapter("equation *operands", einsum),
  ger: product(tg.outer, "vec2"),
  inner: product(tg.inner, "other"),
  kron: product(tg.kron, "other"),
  linear: adapter("input weight bias", (a) =>
    tg.linear(a.tensor("input"), a.tensor("weight"), a.maybeTensor("bias")),
  ),
  matmul: product(tg.matmul, "other"),
  mm: product(tg.mm, "mat2"),
  mv: product(tg.mv, "vec"),
  outer: product(tg.outer, "vec2"),
  tensordot: adapter("a b dims", tensordot),
  vdot: product(tg.vdot, "other"),
};
