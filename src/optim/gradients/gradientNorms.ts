import { chunkNormKernel } from "../../../kernels/rows/segments.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { cat } from "../../ops/movement/join.ts";
import { reshape } from "../../ops/movement/movement.ts";
import { exactly, uniform } from "../../ops/samples.ts";
import type { Device } from "../../tensor/device.ts";
import { defineOp, keepDType, kernel } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import type { FlatParameters } from "../flatParameters.ts";
import {
  chunkNormsReference,
  partNormsReference,
  segmentNormsReference,
} from "./normReferences.ts";

interface Norm extends Attrs {
  readonly p: number;
  /** Chunks begin at any element, not only where four neighbours do. */
  readonly anywhere?: true;
}

type NormOp = (values: TensorLike, table: TensorLike, attrs: Norm) => Tensor;

const WHY = "gradient norms are for looking and clipping, and are not differentiated";
const key = ({ p, anywhere }: Norm): string => `${p} ${anywhere}`;

const sampleTable = exactly([2, 2], [0, 3, 4, 2], "int32");

/** p-norms of chunks of a flat gradient: g [size], table [chunks, 2] to [chunks]. */
export const chunkNorms: NormOp = defineOp<2, Norm>({
  name: "chunkNorms",
  arity: 2,
  shape: ([, table]) => [table[0]],
  dtype: keepDType(),
  key,
  forward: kernel({
    family: "chunkNorms",
    outputs: (_, [g, table]) => [{ shape: [table.shape[0]], dtype: g.dtype }],
    strided: () => false,
    source: chunkNormKernel,
    reference: chunkNormsReference,
  }),
  vjp: null,
  nondifferentiable: WHY,
  unbatchable: "it works on the flat buffer of all gradients of an optimizer",
  derivative: [WHY, WHY],
  samples: () => [
    [uniform([8]), sampleTable, { p: 2 }],
    [uniform([8]), sampleTable, { p: 1 }],
    [uniform([8]), sampleTable, { p: Infinity }],
    [uniform([8]), exactly([3, 2], [0, 3, 3, 3, 6, 2], "int32"), { p: Infinity, anywhere: true }],
    [exactly([8], [1, Number.NaN, 2, 3, 4, 5, 6, 7]), sampleTable, { p: Infinity }],
  ],
});

function normOutputs(_: Attrs, [partial, table]: readonly Spec[]): Spec[] {
  const { dtype } = partial;
  return [
    { shape: [], dtype },
    { shape: [table.shape[0] - 1], dtype },
  ];
}

/** 2-norms of the same parts of two vectors: a, b [size], table [parts, 2] to [2 · parts]. */
export const partNorms: (a: TensorLike, b: TensorLike, table: TensorLike) => Tensor = defineOp<3>({
  name: "partNorms",
  arity: 3,
  shape: ([, , table]) => [2 * table[0]],
  dtype: ([a]) => ({ operands: [a, a, "int32"], result: a }),
  forward: kernel({
    family: "partNorms",
    outputs: (_, [a, , table]) => [{ shape: [2 * table.shape[0]], dtype: a.dtype }],
    strided: () => false,
    source: (call) => chunkNormKernel({ ...call, attrs: { p: 2 } }),
    reference: partNormsReference,
  }),
  vjp: null,
  nondifferentiable: WHY,
  unbatchable: "it works on the flat buffers of an optimizer",
  derivative: [WHY, WHY, WHY],
  samples: () => [[uniform([8]), uniform([8]), sampleTable]],
});

/** Output `output` of the norms that follow from the chunks' norms: 0 is the total, 1 is each. */
const normsOp = (output: 0 | 1, name: string): NormOp =>
  defineOp<2, Norm>({
    name,
    arity: 2,
    shape: ([, table]) => (output === 0 ? [] : [table[0] - 1]),
    dtype: keepDType(),
    key,
    forward: kernel({
      family: "segmentNorms",
      output,
      outputs: normOutputs,
      strided: () => false,
      source: chunkNormKernel,
      reference: segmentNormsReference,
    }),
    vjp: null,
    nondifferentiable: WHY,
    unbatchable: "it works on the flat buffer of all gradients of an optimizer",
    derivative: [WHY, WHY],
    samples: () => [
      [uniform([6], 0, 4), exactly([3, 2], [0, 3, 3, 3, 0, 6], "int32"), { p: 2 }],
      [
        exactly([6], [1, 2, 3, 4, Number.NaN, 5]),
        exactly([3, 2], [0, 3, 3, 3, 0, 6], "int32"),
        { p: Infinity },
      ],
    ],
  });

const totalNorm = normsOp(0, "totalNorm");
const eachNorm = normsOp(1, "parameterNorms");

/** Chunks of a segment are summed side by side; so many suit a model of any size. */
const MOST_CHUNKS = 1024;
const SMALLEST_CHUNK = 1024;

export interface Norms {
  readonly total: Tensor;
  readonly each: Tensor;
}

/** Where the parts of a flat gradient begin, and how long they are. */
interface Parts {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

/** The parts in chunks, and the chunks of each part, then of all. */
interface Tables {
  readonly chunks: Tensor;
  readonly rows: Tensor;
}

/** A compiled step needs the same tensors whenever it is recorded. */
const tables = new WeakMap<Device, Map<string, Tables>>();

/**
 * The p-norm of a flat gradient and of each parameter's part of it, in the order of `parameters`
 * (all of the buffer's), in two launches.
 */
export function flatNorms(
  flat: FlatParameters,
  p: number,
  parameters?: readonly Variable[],
): Norms {
  const { offsets, segments } = flat.gradients;
  const order = parameters?.map(({ index }) => index) ?? [...flat.parameters.keys()];
  const starts = order.map((i) => offsets[i]);
  const sizes = order.map((i) => sizeOf(segments[i].shape));
  return norms(new Tensor(flat.flatGradient()), { starts, sizes }, { p });
}

/** The same for gradients that lie apart; 0 where a parameter has none. */
export function separateNorms(list: readonly Variable[], p: number): Norms {
  const sizes = list.map(({ grad }) => grad?.size ?? 0);
  const starts: number[] = [];
  sizes.reduce((end, size) => {
    starts.push(end);
    return end + size;
  }, 0);
  const g = cat(list.flatMap(({ grad }) => (grad === null ? [] : [reshape(grad, [grad.size])])));
  return norms(g, { starts, sizes }, { p, anywhere: true });
}

function norms(g: Tensor, parts: Parts, attrs: Norm): Norms {
  const { device } = g;
  const known = tables.get(device) ?? new Map<string, Tables>();
  tables.set(device, known);
  const name = `${parts.starts} ${parts.sizes}`;
  const made = known.get(name) ?? makeTables(parts, device);
  known.set(name, made);
  const partial = chunkNorms(cast(g, "float32"), made.chunks, attrs);
  const { p } = attrs;
  return { total: totalNorm(partial, made.rows, { p }), each: eachNorm(partial, made.rows, { p }) };
}

function makeTables({ starts, sizes }: Parts, device: Device): Tables {
  const size = sizes.reduce((x, y) => x + y, 0);
  const length = SMALLEST_CHUNK * Math.max(1, Math.ceil(size / MOST_CHUNKS / SMALLEST_CHUNK));
  const chunks: number[] = [];
  const rows: number[] = [];
  sizes.forEach((all, i) => {
    const end = starts[i] + all;
    rows.push(chunks.length / 2, Math.ceil(all / length));
    for (let at = starts[i]; at < end; at += length) chunks.push(at, Math.min(length, end - at));
  });
  rows.push(0, chunks.length / 2);
  const table = (values: number[]) =>
    tensor(Int32Array.from(values), { shape: [values.length / 2, 2], device });
  return { chunks: table(chunks), rows: table(rows) };
}
