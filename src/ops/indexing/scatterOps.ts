import { outside } from "../../../kernels/indexing/outside.ts";
import { type Fold, scatterFoldKernel } from "../../../kernels/indexing/scatterFold.ts";
import { promote, type TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { Attrs, ReferenceCall } from "../../core/ir.ts";
import { defineOp, kernel, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { iota } from "../creation/iota.ts";
import { add, div, mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ge, logicalAnd, where } from "../elementwise/compare.ts";
import { maximum } from "../elementwise/extrema.ts";
import { expand, reshape } from "../movement/movement.ts";
import { prod } from "../reduce/prod.ts";
import { matches } from "../reduce/reduceExtrema.ts";
import { constantLike } from "../rules.ts";
import { distinct, exactly, integers, type SampleInput, uniform } from "../samples.ts";
import { gather3, scatterAdd3 } from "./gatherOps.ts";
import { eachIndex } from "./gatherReference.ts";

/** Folding at indexed places of the middle axis of three, and writing there; see indexing.ts. */

export interface FoldAttrs extends Attrs {
  readonly fold: Exclude<Fold, "sum">;
  /** What stood there before counts too; else only where nothing lands. */
  readonly includeSelf: boolean;
  readonly trusted: boolean;
}

type ScatterFold = (x: Tensor, index: Tensor, source: Tensor, attrs: FoldAttrs) => Tensor;

const folds: Record<FoldAttrs["fold"], (a: number, b: number) => number> = {
  prod: (a, b) => a * b,
  amax: Math.max,
  amin: Math.min,
};

function reference({ attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const { fold, includeSelf, trusted } = attrs as FoldAttrs;
  const [x, index, source] = inputs;
  const out = create(outputs[0]!);
  out.set(x!.data);
  const n = x!.shape[1]!;
  const combine = outputs[0]!.dtype !== "float32" && fold === "prod" ? Math.imul : folds[fold];
  const landed = new Uint8Array(out.length);
  if (includeSelf) landed.fill(1);
  eachIndex(index!.data, source!.shape, n, (at, to, j) => {
    if (j < 0 || j >= n) {
      if (trusted) return;
      throw new IndexError(outside("scatter", n));
    }
    const next = source!.data[at]!;
    out[to] = landed[to] === 1 ? combine(out[to]!, next) : next;
    landed[to] = 1;
  });
  return [out];
}

/** Between the sum and the other folds: what a place is given, or what stands there. */
const back = (t: Tensor, index: Tensor): Tensor => gather3(t, index, { trusted: true });

const landing = (t: Tensor, index: Tensor, like: Tensor): Tensor =>
  scatterAdd3(t, index, { size: like.shape[1]!, trusted: true });

function foldSlope(call: VjpCall<FoldAttrs>): [Tensor, null, Tensor] {
  const [own, theirs] = call.attrs.fold === "prod" ? prodSlope(call) : shareTies(call);
  if (call.attrs.includeSelf) return [own, null, theirs];
  // Where something lands, what stood there before does not matter.
  const { g, inputs } = call;
  const free = eq(lastPlace(inputs[1]!, inputs[0]!.shape[1]!, true), -1);
  return [where(free, g, 0), null, theirs];
}

/** The extremum's gradient in equal shares, to all that are equal to it. */
function shareTies({ g, out, inputs, attrs }: VjpCall<FoldAttrs>): [Tensor, Tensor] {
  const [x, index, source] = inputs as [Tensor, Tensor, Tensor];
  const hit = matches(source, back(out, index));
  const own = matches(x, out);
  const landed = landing(cast(hit, "float32"), index, x);
  const ties = attrs.includeSelf ? add(landed, cast(own, "float32")) : landed;
  const share = div(g, maximum(ties, 1));
  return [where(own, share, 0), where(hit, back(share, index), 0)];
}

/** Up to this many factors all products of the others are formed: right at every order. */
const FEW = 32;

function prodSlope(call: VjpCall<FoldAttrs>): [Tensor, Tensor] {
  const { g, inputs, attrs } = call;
  const [x, index, source] = inputs as [Tensor, Tensor, Tensor];
  const ones = expand(constantLike(1, x), x.shape);
  const own = mul(g, scatterFold3(ones, index, source, { ...attrs, includeSelf: true }));
  const others = source.shape[1]! <= FEW ? products(call) : quotients(call);
  return [own, mul(back(g, index), others)];
}

/** For each factor the product of the others that land where it does, by trying all pairs. */
function products({ inputs, attrs }: VjpCall<FoldAttrs>): Tensor {
  const [x, index, source] = inputs as [Tensor, Tensor, Tensor];
  const [o, k, i] = source.shape as [number, number, number];
  const along = (t: Tensor) => reshape(t, [o, 1, k, i]);
  const places = iota(k, x.device);
  const same = eq(reshape(index, [o, k, 1, i]), along(index));
  const other = eq(eq(reshape(places, [1, k, 1, 1]), reshape(places, [1, 1, k, 1])), false);
  const found = prod(where(logicalAnd(same, other), along(source), 1), 2);
  return attrs.includeSelf ? mul(found, back(x, index)) : found;
}

/** out / factor, counting zeros: with one only its own slope is left, with two none. */
function quotients({ out, inputs, attrs }: VjpCall<FoldAttrs>): Tensor {
  const [x, index, source] = inputs as [Tensor, Tensor, Tensor];
  const zero = eq(source, 0);
  const zeros = back(landing(cast(zero, "float32"), index, x), index);
  const product = back(scatterFold3(x, index, where(zero, 1, source), attrs), index);
  const quotient = div(back(out, index), where(zero, 1, source));
  return where(zero, where(eq(zeros, 1), product, 0), quotient);
}

/** Of what lands on a place, and what stood there: the product or the extremum. */
export const scatterFold3: ScatterFold = defineOp<3, FoldAttrs>({
  name: "scatterReduce",
  arity: 3,
  shape: ([x]) => x!,
  dtype: ([x, , source]) => {
    const common = promote(x!, source!);
    const dtype = common === "bool" ? "int32" : common;
    return { operands: [dtype, "int32", dtype], result: dtype };
  },
  key: ({ fold, includeSelf, trusted }) => `${fold}${includeSelf ? "+" : ""}${trusted ? "" : "?"}`,
  forward: kernel({
    family: "scatterReduce",
    outputs: (_, [x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    strided: () => true,
    source: scatterFoldKernel,
    reference,
  }),
  vjp: foldSlope,
  batch: joinLeading,
  operands: ["x", "index", "source"],
  derivative: ["g where x counts", "none", "g at the indexed places where the source counts"],
  samples: () => {
    const attrs = { trusted: true, includeSelf: true };
    const index = integers([2, 4, 3], 0, 5);
    return [
      [distinct([2, 5, 3]), index, distinct([2, 4, 3], 0.31), { ...attrs, fold: "amax" }],
      [
        distinct([2, 5, 3], 0.2, "transposed"),
        index,
        distinct([2, 4, 3], 0.31),
        { fold: "amin", includeSelf: false, trusted: false },
      ],
      [uniform([2, 5, 3]), index, uniform([2, 4, 3], 0.5, 2), { ...attrs, fold: "prod" }],
      ...zerosToo.map((source) => [
        uniform([1, 3, 1]),
        exactly([1, 5, 1], [0, 0, 1, 1, 1], "int32"),
        source,
        { fold: "prod", includeSelf: false, trusted: true },
      ]),
      [uniform([1, 40, 1]), integers([1, 50, 1], 0, 40), uniform([1, 50, 1], 0.5, 2), many],
      [integers([1, 3, 2], -5, 5), integers([1, 4, 2], 0, 3), integers([1, 4, 2], -5, 5), many],
      [uniform([1, 3, 2]), integers([1, 0, 2], 0, 3), uniform([1, 0, 2]), many],
    ];
  },
});

const many: FoldAttrs = { fold: "prod", includeSelf: false, trusted: true };
const zerosToo: readonly SampleInput[] = [exactly([1, 5, 1], [0, 2, 0, 3, 0])];

/** Which k writes last to each place: the largest with index[o, k, i] = j; -1 where none does. */
export function lastPlace(index: Tensor, size: number, trusted: boolean): Tensor {
  const [outer, count, inner] = index.shape as [number, number, number];
  const before = expand(constantLike(-1, index, "int32"), [outer, size, inner]);
  const order = expand(reshape(iota(count, index.device), [1, count, 1]), index.shape);
  return scatterFold3(before, index, order, { fold: "amax", includeSelf: true, trusted });
}

/**
 * x with source[o, k, i] at [o, index[o, k, i], i]; the last k wins. An index of one row or column
 * ([1, k, 1]) serves all.
 */
export function write3(x: Tensor, index: Tensor, source: Tensor, trusted: boolean): Tensor {
  const [outer, count, inner] = source.shape as [number, number, number];
  if (count === 0 || x.size === 0) return x;
  const last = lastPlace(index, x.shape[1]!, trusted);
  const places = expand(maximum(last, 0), [outer, x.shape[1]!, inner]);
  return where(ge(last, 0), gather3(source, places, { trusted: true }), x);
}
