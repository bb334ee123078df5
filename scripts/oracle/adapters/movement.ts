import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter, unary } from "./adapter.ts";
import { cuts, maybe, place, several, sizes } from "./movementArguments.ts";

/** Some axes merged or swapped; the names of the two axes differ from function to function. */
const swap = (first: string, second: string) =>
  adapter(`input ${first} ${second}`, (a) =>
    tg.swapaxes(a.tensor("input"), a.number(first), a.number(second)),
  );

const split = (sizesName: string) =>
  adapter(`input ${sizesName} dim`, (a) => {
    const parts = a.numbers(sizesName);
    const single = typeof a.any(sizesName) === "number";
    return tg.split(a.tensor("input"), single ? parts[0]! : parts, a.number("dim", 0));
  });

const cutting = (f: (x: tg.Tensor, cuts: tg.Cuts) => tg.Tensor[]) =>
  adapter("input indices_or_sections", (a) => f(a.tensor("input"), cuts(a)));

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

const squeeze = adapter("input dim", (a) =>
  a.has("dim") ? tg.squeeze(a.tensor("input"), a.numbers("dim")) : tg.squeeze(a.tensor("input")),
);

const cat = adapter("tensors dim", (a) => tg.cat(a.tensors("tensors"), a.number("dim", 0)));
const expand = adapter("input *size", (a) => tg.expand(a.tensor("input"), sizes(a, "size")));
const reshape = adapter("input *shape", (a) => tg.reshape(a.tensor("input"), sizes(a, "shape")));

const joining = (f: (tensors: readonly tg.Tensor[]) => tg.Tensor) =>
  adapter("*tensors", (a) => f(several(a)));

const each = (f: (x: tg.Tensor) => tg.Tensor) =>
  adapter("*tensors", (a) => {
    const list = several(a);
    return list.length === 1 ? f(list[0]!) : list.map(f);
  });

const toShapeOf = (f: (x: tg.Tensor, other: tg.Tensor) => tg.Tensor) =>
  adapter("input other", (a) => f(a.tensor("input"), a.tensor("other")));

/** Diagonals name their axes dim1 and dim2; each function has other defaults. */
const axesOf = (a: Arguments, first: number, second: number) => ({
  offset: a.number("offset", 0),
  axes: [a.number("dim1", first), a.number("dim2", second)] as const,
});

const triangle = (f: typeof tg.tril) =>
  adapter("input diagonal", (a) => f(a.tensor("input"), a.number("diagonal", 0)));

const triangleIndices = (f: typeof tg.trilIndices) =>
  adapter("row col offset", (a) =>
    f(a.number("row"), a.number("col"), { diagonal: a.number("offset", 0) }),
  );

function repeatInterleave(a: Arguments): tg.Tensor {
  const repeats = a.any("repeats");
  const counts = repeats instanceof tg.Tensor ? repeats : a.numbers("repeats");
  a.any("output_size");
  return tg.repeatInterleave(a.tensor("input"), counts, maybe(a, "dim"));
}

const moving = adapter("input source destination", (a) =>
  tg.movedim(a.tensor("input"), a.numbers("source"), a.numbers("destination")),
);

function pad(a: Arguments): tg.Tensor {
  const mode = a.text("mode", "constant") as tg.PadMode;
  return tg.pad(a.tensor("input"), a.numbers("pad"), { mode, value: a.number("value", 0) });
}

export const movement: Adapters = {
  atleast_1d: each(tg.atleast1d),
  atleast_2d: each(tg.atleast2d),
  atleast_3d: each(tg.atleast3d),
  block_diag: joining(tg.blockDiag),
  broadcast_tensors: adapter("*tensors", (a) => tg.broadcastTensors(...several(a))),
  broadcast_to: adapter("input *size", (a) => {
    const shape = a.has("shape") ? a.numbers("shape") : sizes(a, "size");
    return tg.broadcastTo(a.tensor("input"), shape);
  }),
  cartesian_prod: adapter("*tensors", (a) => tg.cartesianProd(...several(a))),
  cat,
  chunk: adapter("input chunks dim", (a) =>
    tg.chunk(a.tensor("input"), a.number("chunks"), a.number("dim", 0)),
  ),
  column_stack: joining(tg.columnStack),
  combinations: adapter("input r with_replacement", (a) =>
    tg.combinations(a.tensor("input"), a.number("r", 2), a.flag("with_replacement")),
  ),
  concat: cat,
  concatenate: cat,
  constant_pad_nd: adapter("input pad value", (a) =>
    tg.pad(a.tensor("input"), a.numbers("pad"), { value: a.number("value", 0) }),
  ),
  diag: adapter("input diagonal", (a) => tg.diag(a.tensor("input"), a.number("diagonal", 0))),
  diag_embed: adapter("input offset dim1 dim2", (a) =>
    tg.diagEmbed(a.tensor("input"), axesOf(a, -2, -1)),
  ),
  diagflat: adapter("input offset", (a) => tg.diagflat(a.tensor("input"), a.number("offset", 0))),
  diagonal: adapter("input offset dim1 dim2", (a) =>
    tg.diagonal(a.tensor("input"), axesOf(a, 0, 1)),
  ),
  diagonal_scatter: adapter("input src offset dim1 dim2", (a) =>
    tg.diagonalScatter(a.tensor("input"), a.tensor("src"), axesOf(a, 0, 1)),
  ),
  dsplit: cutting(tg.dsplit),
  dstack: joining(tg.dstack),
  expand,
  expand_as: toShapeOf(tg.expandAs),
  flatten: adapter("input start_dim end_dim", (a) =>
    tg.flatten(a.tensor("input"), a.number("start_dim", 0), a.number("end_dim", -1)),
  ),
  flip: adapter("input *dims", (a) => tg.flip(a.tensor("input"), sizes(a, "dims"))),
  fliplr: unary(tg.fliplr),
  flipud: unary(tg.flipud),
  hsplit: cutting(tg.hsplit),
  hstack: joining(tg.hstack),
  meshgrid: adapter("*tensors", (a) =>
    tg.meshgrid(several(a), { indexing: a.text("indexing", "ij") as "ij" }),
  ),
  moveaxis: moving,
  movedim: moving,
  narrow: adapter("input dim start length", (a) =>
    tg.narrow(a.tensor("input"), a.number("dim"), place(a, "start"), a.number("length")),
  ),
  pad: adapter("input pad mode value", pad),
  permute: adapter("input *dims", (a) => tg.permute(a.tensor("input"), sizes(a, "dims"))),
  ravel: unary(tg.ravel),
  repeat: adapter("input *repeats", (a) => tg.repeat(a.tensor("input"), sizes(a, "repeats"))),
  repeat_interleave: adapter("input repeats dim", repeatInterleave),
  reshape,
  reshape_as: toShapeOf(tg.reshapeAs),
  roll: adapter("input shifts dims", (a) =>
    a.has("dims")
      ? tg.roll(a.tensor("input"), a.numbers("shifts"), a.numbers("dims"))
      : tg.roll(a.tensor("input"), a.numbers("shifts")),
  ),
  rot90: adapter("input k dims", (a) => {
    const axes = a.has("dims") ? (a.numbers("dims") as [number, number]) : undefined;
    return tg.rot90(a.tensor("input"), a.number("k", 1), axes);
  }),
  row_stack: joining(tg.rowStack),
  select: adapter("input dim index", (a) =>
    tg.select(a.tensor("input"), a.number("dim"), a.number("index")),
  ),
  select_scatter: adapter("input src dim index", (a) =>
    tg.selectScatter(a.tensor("input"), a.tensor("src"), a.number("dim"), a.number("index")),
  ),
  slice: adapter("input dim start end step", slice),
  slice_scatter: adapter("input src dim start end step", (a) =>
    tg.sliceScatter(a.tensor("input"), a.tensor("src"), {
      axis: a.number("dim", 0),
      start: maybe(a, "start"),
      end: maybe(a, "end"),
      step: a.number("step", 1),
    }),
  ),
  split: split("split_size_or_sections"),
  split_with_sizes: split("split_sizes"),
  squeeze,
  stack: adapter("tensors dim", (a) => tg.stack(a.tensors("tensors"), a.number("dim", 0))),
  swapaxes: swap("axis0", "axis1"),
  swapdims: swap("dim0", "dim1"),
  t: adapter("input", (a) => {
    const x = a.tensor("input");
    return x.rank < 2 ? x : tg.transpose(x, 0, 1);
  }),
  tensor_split: adapter("input indices_or_sections dim", (a) =>
    tg.tensorSplit(a.tensor("input"), cuts(a), a.number("dim", 0)),
  ),
  tile: adapter("input *dims", (a) => tg.tile(a.tensor("input"), sizes(a, "dims"))),
  trace: unary(tg.trace),
  transpose: swap("dim0", "dim1"),
  tril: triangle(tg.tril),
  tril_indices: triangleIndices(tg.trilIndices),
  triu: triangle(tg.triu),
  triu_indices: triangleIndices(tg.triuIndices),
  unbind: adapter("input dim", (a) => tg.unbind(a.tensor("input"), a.number("dim", 0))),
  unflatten: adapter("input dim sizes", (a) =>
    tg.unflatten(a.tensor("input"), a.number("dim"), a.numbers("sizes")),
  ),
  // im2col goes by its full name, nn.functional.unfold.
  unfold: adapter("input dimension size step", (a) =>
    tg.unfoldAxis(a.tensor("input"), a.number("dimension"), a.number("size"), a.number("step")),
  ),
  unsqueeze: adapter("input dim", (a) => tg.unsqueeze(a.tensor("input"), a.number("dim"))),
  vander: adapter("x N increasing", (a) =>
    tg.vander(a.tensor("x"), maybe(a, "N"), a.flag("increasing")),
  ),
  view: reshape,
  view_as: toShapeOf(tg.viewAs),
  vsplit: cutting(tg.vsplit),
  vstack: joining(tg.vstack),
};
