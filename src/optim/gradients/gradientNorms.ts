import { chunkNormKernel } from "../../../kernels/rows/segments.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { Attrs, ReferenceCall, Spec } from "../../core/ir.ts";
import { sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { exactly, uniform } from "../../ops/samples.ts";
import { defineOp, keepDType, kernel } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import type { FlatParameters } from "../flatParameters.ts";

interface Norm extends Attrs {
  readonly p: number;
  /** Chunks begin at any element, not only where four neighbours do. */
  readonly anywhere?: true;
}

type NormOp = (values: TensorLike, table: TensorLike, attrs: Norm) => Tensor;

const WHY = "gradient norms are for looking and clipping, and are not differentiated";
const key = ({ p, anywhere }: Norm): string => `${p} ${anywhere}`;

/** In JavaScript's doubles powers of single-precision numbers do not overflow. */
function normOf(p: number, values: TypedArray, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) {
    const x = Math.abs(values[i]);
    sum = p === Infinity ? Math.max(sum, x) : sum + x ** p;
  }
  return p === Infinity ? sum : sum ** (1 / p);
}

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
    reference: ({ attrs: { p }, inputs: [g, table], outputs: [spec], create }) => {
      const out = create(spec);
      for (let c = 0; c < out.length; c++) {
        out[c] = normOf(p as number, g.data, table.data[2 * c], table.data[2 * c + 1]);
      }
      return [out];
    },
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

function normReference({ attrs, inputs: [partial, table], outputs, create }: ReferenceCall) {
  const p = attrs.p as number;
  const rows = table.shape[0];
  const norms = Array.from({ length: rows }, (_, row) =>
    normOf(p, partial.data, table.data[2 * row], table.data[2 * row + 1]),
  );
  const [total, each]: TypedArray[] = outputs.map(create);
  total[0] = norms[rows - 1];
  each.set(norms.slice(0, -1));
  return [total, each];
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
    reference: ({ inputs: [a, b, table], outputs: [spec], create }) => {
      const out = create(spec);
      const rows = table.shape[0];
      for (let c = 0; c < 2 * rows; c++) {
        const at = 2 * (c % rows);
        const { data } = c < rows ? a : b;
        out[c] = normOf(2, data, table.data[at], table.data[at + 1]);
      }
      return [out];
    },
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
      reference: normReference,
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

interface Tables {
  readonly chunks: Tensor;
  readonly rows: Tensor;
}

const tables = new WeakMap<FlatParameters, Map<string, Tables>>();

/**
 * The p-norm of a flat gradient and of each parameter's part of it, in the order of `parameters`
 * (all of the buffer's), in two launches.
 */
export function flatNorms(
  flat: FlatParameters,
  p: number,
  parameters?: readonly Variable[],
): { total: Tensor; each: Tensor } {
  const order = parameters?.map(({ index }) => index) ?? [...flat.parameters.keys()];
  const known = tables.get(flat) ?? new Map<string, Tables>();
  tables.set(flat, known);
  const made = known.get(`${order}`) ?? makeTables(flat, order);
  known.set(`${order}`, made);
  const g = cast(new Tensor(flat.flatGradient()), "float32");
  const partial = chunkNorms(g, made.chunks, { p });
  return {
    total: totalNorm(partial, made.rows, { p }),
    each: eachNorm(partial, made.rows, { p }),
  };
}

function makeTables({ gradients }: FlatParameters, order: readonly number[]): Tables {
  const { offsets, segments, size, device } = gradients;
  const length = SMALLEST_CHUNK * Math.ceil(size / MOST_CHUNKS / SMALLEST_CHUNK);
  const chunks: number[] = [];
  const rows: number[] = [];
  for (const i of order) {
    const all = sizeOf(segments[i].shape);
    const end = offsets[i] + all;
    rows.push(chunks.length / 2, Math.ceil(all / length));
    for (let at = offsets[i]; at < end; at += length) chunks.push(at, Math.min(length, end - at));
  }
  rows.push(0, chunks.length / 2);
  const table = (values: number[]) =>
    tensor(Int32Array.from(values), { shape: [values.length / 2, 2], device });
  return { chunks: table(chunks), rows: table(rows) };
}
