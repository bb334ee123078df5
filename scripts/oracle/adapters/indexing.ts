import * as tg from "../../../src/index.ts";
import type { Argument, Arguments } from "../arguments.ts";
import { hostValues } from "../golden.ts";
import { type Adapters, adapter } from "./adapter.ts";

/** Calls a function of (input, dim, index, source) with the names that PyTorch gives them. */
const placed =
  (
    f: (x: tg.Tensor, axis: number, index: tg.Tensor, source: tg.Tensor) => tg.Tensor,
    from: string,
  ) =>
  (a: Arguments): tg.Tensor =>
    f(a.tensor("input"), a.number("dim"), a.tensor("index"), a.tensor(from));

// OpInfo's samples give the weight first: it is what gets the gradient.
function weightAndIndex(a: Arguments): [weight: tg.Tensor, index: tg.Tensor] {
  const [first, second] = [a.tensor("input"), a.tensor("weight")];
  return first.dtype === "float32" ? [first, second] : [second, first];
}

const maybe = (a: Arguments, name: string): number | null => (a.has(name) ? a.number(name) : null);

function embeddingOptions(a: Arguments): tg.EmbeddingOptions {
  a.only("sparse", false);
  return {
    paddingIdx: maybe(a, "padding_idx"),
    maxNorm: maybe(a, "max_norm"),
    normType: a.number("norm_type", 2),
    scaleGradByFreq: a.flag("scale_grad_by_freq"),
  };
}

function embedding(a: Arguments): tg.Tensor {
  const [weight, index] = weightAndIndex(a);
  return tg.embedding(index, weight, embeddingOptions(a));
}

function embeddingBag(a: Arguments): tg.Tensor {
  const [weight, index] = weightAndIndex(a);
  return tg.embeddingBag(index, weight, {
    ...embeddingOptions(a),
    offsets: a.maybeTensor("offsets"),
    mode: a.text("mode", "mean") as "mean",
    perSampleWeights: a.maybeTensor("per_sample_weights"),
    includeLastOffset: a.flag("include_last_offset"),
  });
}

function scatter(a: Arguments): tg.Tensor {
  const source = a.has("src") ? a.operand("src") : a.operand("value");
  const reduce = a.has("reduce") ? { reduce: a.text("reduce", "") as "add" } : {};
  return tg.scatter(a.tensor("input"), a.number("dim"), a.tensor("index"), source, reduce);
}

const reducing = (f: typeof tg.scatterReduce, from: string) => (a: Arguments) =>
  f(
    a.tensor("input"),
    a.number("dim"),
    a.tensor("index"),
    a.tensor(from),
    a.text("reduce", "") as tg.ScatterReduce,
    { includeSelf: a.flag("include_self", true) },
  );

function indices(a: Arguments): tg.Indices {
  return (a.any("indices") as readonly Argument[]).map((index) => {
    if (index === null || index instanceof tg.Tensor) return index;
    throw a.without("indices of another kind");
  });
}

const listOrTensor = (a: Arguments, name: string): tg.Tensor => {
  const value = a.any(name);
  return value instanceof tg.Tensor
    ? value
    : tg.tensor(a.numbers(name), { dtype: "int32", device: a.tensor("input").device });
};

const one = (a: Arguments): number => Number(hostValues(a.tensor("num_classes"))[0]);

const whereOf = (a: Arguments): tg.Tensor | Promise<tg.Tensor[]> => {
  // OpInfo's samples give the first value first: it is what gets the gradient.
  const [first, second] = [a.tensor("condition"), a.maybeOperand("input")];
  if (second === null) return tg.whereNonzero(first);
  const other = a.operand("other");
  return first.dtype !== "bool" && second instanceof tg.Tensor && second.dtype === "bool"
    ? tg.where(second, first, other)
    : tg.where(first, second, other);
};

export const indexing: Adapters = {
  argwhere: adapter("input", (a) => tg.argwhere(a.tensor("input"))),
  embedding: adapter(
    "input weight padding_idx max_norm norm_type scale_grad_by_freq sparse",
    embedding,
  ),
  embedding_bag: adapter(
    "input weight offsets max_norm norm_type scale_grad_by_freq mode sparse " +
      "per_sample_weights include_last_offset padding_idx",
    embeddingBag,
  ),
  gather: adapter("input dim index", (a) => {
    a.only("sparse_grad", false);
    return tg.gather(a.tensor("input"), a.number("dim"), a.tensor("index"));
  }),
  index_add: adapter("input dim index source", (a) =>
    tg.indexAdd(a.tensor("input"), a.number("dim"), a.tensor("index"), a.tensor("source"), {
      alpha: a.number("alpha", 1),
    }),
  ),
  index_copy: adapter("input dim index source", placed(tg.indexCopy, "source")),
  index_fill: adapter("input dim index value", (a) =>
    tg.indexFill(a.tensor("input"), a.number("dim"), a.tensor("index"), a.operand("value")),
  ),
  index_put: adapter("input indices values accumulate", (a) =>
    tg.indexPut(a.tensor("input"), indices(a), a.operand("values"), {
      accumulate: a.flag("accumulate"),
    }),
  ),
  index_reduce: adapter("input dim index source reduce", reducing(tg.indexReduce, "source")),
  index_select: adapter("input dim index", (a) =>
    tg.indexSelect(a.tensor("input"), a.number("dim"), a.tensor("index")),
  ),
  masked_fill: adapter("input mask value", (a) =>
    tg.maskedFill(a.tensor("input"), a.tensor("mask"), a.operand("value")),
  ),
  masked_scatter: adapter("input mask source", (a) =>
    tg.maskedScatter(a.tensor("input"), a.tensor("mask"), a.tensor("source")),
  ),
  masked_select: adapter("input mask", (a) => tg.maskedSelect(a.tensor("input"), a.tensor("mask"))),
  nonzero: adapter(
    "input as_tuple",
    (a) =>
      (a.flag("as_tuple") ? tg.whereNonzero : tg.nonzero)(a.tensor("input")) as Promise<tg.Tensor>,
  ),
  one_hot: adapter("input num_classes", (a) => {
    const classes =
      a.any("num_classes") instanceof tg.Tensor ? one(a) : a.number("num_classes", -1);
    return tg.oneHot(a.tensor("input"), classes === -1 ? undefined : classes);
  }),
  put: adapter("input index source accumulate", (a) =>
    tg.put(a.tensor("input"), listOrTensor(a, "index"), a.tensor("source"), {
      accumulate: a.flag("accumulate"),
    }),
  ),
  scatter: adapter("input dim index src reduce value", scatter),
  scatter_add: adapter("input dim index src", placed(tg.scatterAdd, "src")),
  scatter_reduce: adapter("input dim index src reduce", reducing(tg.scatterReduce, "src")),
  take: adapter("input index", (a) => tg.take(a.tensor("input"), a.tensor("index"))),
  take_along_dim: adapter("input indices dim", (a) =>
    tg.takeAlongDim(a.tensor("input"), a.tensor("indices"), maybe(a, "dim") ?? undefined),
  ),
  where: adapter("condition input other", whereOf),
};
