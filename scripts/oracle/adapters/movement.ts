import * as tg from "../../../src/index.ts";
import type { Argument, Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";

/** Sizes as one list or one by one: x.expand([2, 3]) and x.expand(2, 3). */
function sizes(a: Arguments, name: string): number[] {
  const list = a.any(name) as Argument;
  const flat = Array.isArray(list) && list.length === 1 && Array.isArray(list[0]) ? list[0] : list;
  if (Array.isArray(flat) && flat.every((n) => typeof n === "number")) return flat as number[];
  if (typeof list === "number") return [list];
  throw a.without(`${name} = ${JSON.stringify(list)}`);
}

/** Some axes merged or swapped; the names of the two axes differ from function to function. */
const swap = (first: string, second: string) =>
  adapter(`input ${first} ${second}`, (a) =>
    tg.transpose(a.tensor("input"), a.number(first), a.number(second)),
  );

const split = (sizesName: string) =>
  adapter(`input ${sizesName} dim`, (a) => {
    const parts = a.numbers(sizesName);
    const single = typeof a.any(sizesName) === "number";
    return tg.split(a.tensor("input"), single ? parts[0]! : parts, a.number("dim", 0));
  });

/** aten's slice(x, dim, start, end, step): one axis, the others whole. */
function slice(a: Arguments): tg.Tensor {
  const x = a.tensor("input");
  const dim = a.number("dim", 0);
  const lead = new Array<null>(dim < 0 ? dim + x.rank : dim).fill(null);
  const end = a.has("end") ? a.number("end") : null;
  const start = a.has("start") ? a.number("start") : null;
  const step = a.number("step", 1);
  return tg.slice(x, [...lead, start], [...lead, end], [...lead.map(() => 1), step]);
}

/** PyTorch takes several axes; tapegrad one or all. */
const squeeze = adapter("input dim", (a) =>
  a.has("dim") ? tg.squeeze(a.tensor("input"), a.number("dim")) : tg.squeeze(a.tensor("input")),
);

const cat = adapter("tensors dim", (a) => tg.cat(a.tensors("tensors"), a.number("dim", 0)));
const expand = adapter("input *size", (a) => tg.expand(a.tensor("input"), sizes(a, "size")));
const repeat = adapter("input *dims", (a) => tg.tile(a.tensor("input"), sizes(a, "dims")));
const reshape = adapter("input *shape", (a) => tg.reshape(a.tensor("input"), sizes(a, "shape")));

export const movement: Adapters = {
  broadcast_to: adapter("input shape", (a) =>
    tg.broadcastTo(a.tensor("input"), a.numbers("shape")),
  ),
  cat,
  chunk: adapter("input chunks dim", (a) =>
    tg.chunk(a.tensor("input"), a.number("chunks"), a.number("dim", 0)),
  ),
  concat: cat,
  concatenate: cat,
  expand,
  flatten: adapter("input start_dim end_dim", (a) =>
    tg.flatten(a.tensor("input"), a.number("start_dim", 0), a.number("end_dim", -1)),
  ),
  flip: adapter("input *dims", (a) => tg.flip(a.tensor("input"), sizes(a, "dims"))),
  narrow: adapter("input dim start length", (a) =>
    tg.narrow(a.tensor("input"), a.number("dim"), a.number("start"), a.number("length")),
  ),
  permute: adapter("input *dims", (a) => tg.permute(a.tensor("input"), sizes(a, "dims"))),
  repeat,
  reshape,
  select: adapter("input dim index", (a) =>
    tg.select(a.tensor("input"), a.number("dim"), a.number("index")),
  ),
  slice: adapter("input dim start end step", slice),
  split: split("split_size_or_sections"),
  split_with_sizes: split("split_sizes"),
  squeeze,
  stack: adapter("tensors dim", (a) => tg.stack(a.tensors("tensors"), a.number("dim", 0))),
  swapaxes: swap("axis0", "axis1"),
  swapdims: swap("dim0", "dim1"),
  tile: adapter("input *dims", (a) => tg.tile(a.tensor("input"), sizes(a, "dims"))),
  transpose: swap("dim0", "dim1"),
  unbind: adapter("input dim", (a) => tg.unbind(a.tensor("input"), a.number("dim", 0))),
  unsqueeze: adapter("input dim", (a) => tg.unsqueeze(a.tensor("input"), a.number("dim"))),
  view: reshape,
};
