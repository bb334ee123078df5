import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";

/** Without `dim` PyTorch flattens both; other sizes broadcast there, which gather does not. */
function takeAlong(a: Arguments): tg.Tensor {
  const [x, index] = [a.tensor("input"), a.tensor("indices")];
  if (!a.has("dim")) throw a.without("no dim");
  const dim = a.number("dim");
  const at = dim < 0 ? dim + x.rank : dim;
  const broadcasts = x.shape.some((n, d) => d !== at && n !== index.shape[d]);
  if (broadcasts) throw a.without("sizes that broadcast");
  return tg.gather(x, dim, index);
}

/** PyTorch takes from the flattened tensor, tapegrad from an axis: the same for one axis. */
function take(a: Arguments): tg.Tensor {
  const x = a.tensor("input");
  if (x.rank !== 1) throw a.without(`a tensor of ${x.rank} axes`);
  return tg.take(x, a.tensor("index"));
}

const indexed =
  (f: (x: tg.Tensor, axis: number, index: tg.Tensor, source: tg.Tensor) => tg.Tensor) =>
  (a: Arguments): tg.Tensor =>
    f(a.tensor("input"), a.number("dim"), a.tensor("index"), a.tensor("source"));

// OpInfo's samples give the weight first: it is what gets the gradient.
function embedding(a: Arguments): tg.Tensor {
  a.only("scale_grad_by_freq", false);
  a.only("sparse", false);
  const [first, second] = [a.tensor("input"), a.tensor("weight")];
  return first.dtype === "float32" ? tg.embedding(second, first) : tg.embedding(first, second);
}

export const indexing: Adapters = {
  embedding: adapter("input weight padding_idx max_norm", embedding),
  gather: adapter("input dim index", (a) => {
    a.only("sparse_grad", false);
    return tg.gather(a.tensor("input"), a.number("dim"), a.tensor("index"));
  }),
  index_add: adapter("input dim index source", (a) => {
    a.only("alpha", 1);
    return indexed(tg.indexAdd)(a);
  }),
  index_select: adapter("input dim index", (a) =>
    tg.indexSelect(a.tensor("input"), a.number("dim"), a.tensor("index")),
  ),
  one_hot: adapter("input num_classes", (a) =>
    tg.oneHot(a.tensor("input"), a.number("num_classes")),
  ),
  scatter_add: adapter("input dim index source", indexed(tg.scatterAdd)),
  take: adapter("input index", take),
  take_along_dim: adapter("input indices dim", takeAlong),
};
