import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import type { Json } from "../golden.ts";
import { type Adapters, adapter } from "./adapter.ts";

/** Indices are int32 here always, and every sort is stable. */
function ordered(a: Arguments): tg.ValuesAndIndices {
  a.any("stable");
  const descending = a.flag("descending");
  return tg.sort(a.tensor("input"), a.number("dim", -1), { descending });
}

const both = ({ values, indices }: tg.ValuesAndIndices): tg.Tensor[] => [values, indices];

function searchsorted(a: Arguments): tg.Tensor {
  a.any("out_int32");
  const right = a.flag("right") || a.text("side", "left") === "right";
  const sorter = a.maybeTensor("sorter");
  return tg.searchsorted(a.tensor("sorted_sequence"), valuesOf(a, "sorted_sequence", "input"), {
    right,
    sorter: sorter === null ? null : tg.cast(sorter, "int32"),
  });
}

/** A number counts as a tensor without axes. */
function valuesOf(a: Arguments, like: string, name: string): tg.Tensor {
  const value = a.any(name) as tg.Tensor | Json;
  if (value instanceof tg.Tensor) return value;
  return tg.full([], a.number(name), { device: a.tensor(like).device });
}

function bucketize(a: Arguments): tg.Tensor {
  a.any("out_int32");
  const x = valuesOf(a, "boundaries", "input");
  return tg.bucketize(x, a.tensor("boundaries"), { right: a.flag("right") });
}

const distinct = (f: typeof tg.unique, sorted: string) =>
  adapter(`input ${sorted}return_inverse return_counts dim`, async (a) => {
    a.any("sorted");
    const axis = a.has("dim") ? a.number("dim") : null;
    const [inverse, counts] = [a.flag("return_inverse"), a.flag("return_counts")];
    const found = await f(a.tensor("input"), { axis });
    return [found.values, ...(inverse ? [found.inverse] : []), ...(counts ? [found.counts] : [])];
  });

function histogram(a: Arguments): tg.Tensor[] {
  const bins = a.any("bins");
  const range = a.has("range") ? (a.numbers("range") as [number, number]) : null;
  const { hist, edges } = tg.histogram(a.tensor("input"), {
    bins: bins instanceof tg.Tensor ? bins : a.number("bins"),
    range,
    weight: a.maybeTensor("weight"),
    density: a.flag("density"),
  });
  return [hist, edges];
}

export const sorting: Adapters = {
  argsort: adapter("input dim descending stable", (a) => ordered(a).indices),
  bincount: adapter("input weights minlength", (a) =>
    tg.bincount(a.tensor("input"), {
      weights: a.maybeTensor("weights"),
      minlength: a.number("minlength", 0),
    }),
  ),
  bucketize: adapter("input boundaries out_int32 right", bucketize),
  histc: adapter("input bins min max", (a) =>
    tg.histc(a.tensor("input"), {
      bins: a.number("bins", 100),
      min: a.number("min", 0),
      max: a.number("max", 0),
    }),
  ),
  histogram: adapter("input bins range weight density", histogram),
  msort: adapter("input", (a) => tg.msort(a.tensor("input"))),
  searchsorted: adapter("sorted_sequence input out_int32 right side sorter", searchsorted),
  sort: adapter("input dim descending stable", (a) => both(ordered(a))),
  topk: adapter("input k dim largest sorted", (a) => {
    a.any("sorted");
    const options = { axis: a.number("dim", -1), largest: a.flag("largest", true) };
    return both(tg.topk(a.tensor("input"), a.number("k"), options));
  }),
  unique: distinct(tg.unique, "sorted "),
  unique_consecutive: distinct(tg.uniqueConsecutive, ""),
};
