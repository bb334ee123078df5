import type { KernelCall, Operand, Sink } from "../src/core/ir.ts";

/** The sizes of a convolution; see src/ops/conv/geometry.ts. */
export interface ConvShape {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
  readonly stride: readonly number[];
  /** Zeros before the input. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/**
 * One spatial axis of a sum over kernel places ("taps"). The result's places are dealt to
 * `phases` in turn, because each phase meets other taps: place = u * phases + phase. Tap number m
 * of a phase is the kernel's place first + m * step, and reads the operand at
 * u * mul + add + m * inc, where that is inside 0 … size - 1.
 */
export interface TapAxis {
  readonly size: number;
  readonly places: number;
  readonly phases: number;
  /** Places u of each phase. */
  readonly count: number;
  readonly mul: number;
  readonly inc: number;
  readonly step: number;
  /** By phase. */
  readonly add: readonly number[];
  readonly taps: readonly number[];
  readonly first: readonly number[];
  /** Some reads are outside. */
  readonly guarded: boolean;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function withGuard(axis: Omit<TapAxis, "guarded">): TapAxis {
  const { size, count, mul, inc } = axis;
  const guarded = axis.taps.some((taps, phase) => {
    const reach = Math.max(taps - 1, 0) * inc;
    const low = axis.add[phase]! + Math.min(0, reach);
    const high = (count - 1) * mul + axis.add[phase]! + Math.max(0, reach);
    return low < 0 || high >= size;
  });
  return { ...axis, guarded };
}

/** The axes of a sum that reads the input: for results at the output's places. */
export const forwardAxes = (s: ConvShape): TapAxis[] =>
  s.input.map((size, d) =>
    withGuard({
      size,
      places: s.output[d]!,
      phases: 1,
      count: s.output[d]!,
      mul: s.stride[d]!,
      inc: s.dilation[d]!,
      step: 1,
      add: [-s.padding[d]!],
      taps: [s.kernel[d]!],
      first: [0],
    }),
  );

/** The axes of a sum that reads the output: for results at the input's places. */
export const backwardAxes = (s: ConvShape): TapAxis[] =>
  s.output.map((size, d) => {
    const [stride, dilation, kernel] = [s.stride[d]!, s.dilation[d]!, s.kernel[d]!];
    const step = stride / gcd(stride, dilation);
    const phases = Array.from({ length: stride }, (_, r) => {
      // Place i meets tap k where i + padding - k * dilation is a multiple of the stride.
      const meets = (k: number) => (r + s.padding[d]! - k * dilation) % stride === 0;
      const first = Array.from({ length: Math.min(step, kernel) }, (_, k) => k).find(meets);
      if (first === undefined) return { first: 0, taps: 0, add: 0 };
      const add = (r + s.padding[d]! - first * dilation) / stride;
      return { first, taps: Math.ceil((kernel - first) / step), add };
    });
    return withGuard({
      size,
      places: s.input[d]!,
      phases: stride,
      count: Math.ceil(s.input[d]! / stride),
      mul: 1,
      inc: (-step * dilation) / stride,
      step,
      add: phases.map((p) => p.add),
      taps: phases.map((p) => p.taps),
      first: phases.map((p) => p.first),
    });
  });

/** What the forward kernel and the input's gradient are both made from. */
export interface TapSum {
  readonly label: string;
  readonly call: KernelCall;
  readonly axes: readonly TapAxis[];
  readonly groups: number;
  /** Channels of a group: of the result, and of the operand. */
  readonly rows: number;
  readonly depth: number;
  readonly batch: number;
  readonly operand: Operand;
  readonly weight: Operand;
  /** Steps in the weight between channels of the result, and of the operand. */
  readonly rowStride: number;
  readonly depthStride: number;
  /** The weight's first channels of a group. */
  readonly weightAt: (row: string, group: string) => readonly [string, string];
}

export function forwardSum(call: KernelCall): TapSum {
  const shape = call.attrs as unknown as ConvShape;
  const [x, w] = call.inputs as [Operand, Operand];
  const rows = w.shape[0]! / shape.groups;
  return {
    label: "conv",
    call,
    axes: forwardAxes(shape),
    groups: shape.groups,
    rows,
    depth: w.shape[1]!,
    batch: x.shape[0]!,
    operand: x,
    weight: w,
    rowStride: w.strides[0]!,
    depthStride: w.strides[1]!,
    weightAt: (row, group) => [plus(times(group, rows), row), "0u"],
  };
}

export function inputGradSum(call: KernelCall): TapSum {
  const shape = call.attrs as unknown as ConvShape;
  const [g, w] = call.inputs as [Operand, Operand];
  const depth = w.shape[0]! / shape.groups;
  return {
    label: "conv input gradient",
    call,
    axes: backwardAxes(shape),
    groups: shape.groups,
    rows: w.shape[1]!,
    depth,
    batch: g.shape[0]!,
    operand: g,
    weight: w,
    rowStride: w.strides[1]!,
    depthStride: w.strides[0]!,
    weightAt: (row, group) => [times(group, depth), row],
  };
}

/** Numbers as WGSL: unsigned arithmetic wraps, so that negative steps are right. */
export const u32 = (n: number): string => `${n >>> 0}u`;

export const times = (a: string, n: number): string =>
  n === 0 || a === "0u" ? "0u" : n === 1 ? a : `${a} * ${u32(n)}`;

export const plus = (...terms: readonly string[]): string => {
  const some = terms.filter((t) => t !== "0u");
  return some.length === 0 ? "0u" : some.length === 1 ? some[0]! : `(${some.join(" + ")})`;
};

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** WGSL of the indices that a linear index stands for. */
export function unravel(linear: string, sizes: readonly number[]): string[] {
  let step = 1;
  const indices = new Array<string>(sizes.length);
  for (let d = sizes.length - 1; d >= 0; d--) {
    const first = sizes.slice(0, d).every((n) => n === 1);
    const quotient = step === 1 ? linear : `${linear} / ${step}u`;
    indices[d] = sizes[d] === 1 ? "0u" : first ? `(${quotient})` : `((${quotient}) % ${sizes[d]}u)`;
    step *= sizes[d]!;
  }
  return indices;
}

/** The distinct elements along a row that some places read at some taps. */
export class Span {
  /** The lowest of them, relative to the first place. */
  readonly low: number;
  readonly #all: readonly number[];
  readonly #mul: number;
  readonly #inc: number;

  constructor(places: readonly number[], mul: number, taps: readonly number[], inc: number) {
    this.#mul = mul;
    this.#inc = inc;
    const all = places.flatMap((j) => taps.map((k) => j * mul + k * inc));
    this.low = Math.min(...all);
    this.#all = [...new Set(all.map((at) => at - this.low))].sort((a, b) => a - b);
  }

  /** From the lowest element to what place j reads at tap k. */
  distance(j: number, k: number): number {
    return j * this.#mul + k * this.#inc - this.low;
  }

  /** All elements, and whether some are outside 0 … size - 1 when starts go up to `furthest`. */
  reads(add: number, furthest: number, size: number) {
    return this.#all.map((distance) => {
      const at = add + this.low + distance;
      return { distance, guarded: at < 0 || at + furthest >= size };
    });
  }
}

/** What depends on the phase: `r` itself, its offset, its number of taps and its first one. */
export function phaseLines(axes: readonly TapAxis[], count: number): string[] {
  const phases = unravel(
    `(wz % ${count}u)`,
    axes.map((a) => a.phases),
  );
  return axes.flatMap((axis, d) => {
    const table = (name: string, values: readonly number[]) =>
      axis.phases === 1
        ? [`let ${name}${d} = ${u32(values[0]!)};`]
        : [
            `var ${name}s${d} = array<u32, ${axis.phases}>(${values.map(u32).join(", ")});`,
            `let ${name}${d} = ${name}s${d}[r${d}];`,
          ];
    return [
      `let r${d} = ${phases[d]};`,
      ...table("add", axis.add),
      ...table("taps", axis.taps),
      ...table("first", axis.first),
    ];
  });
}

/** Indices of a sum over all axes of an operand but its channels, in the shape the sink has. */
export function sumIndices({ shape }: Sink, channels: number, channel: string): string[] {
  const at = shape.indexOf(channels);
  return shape.map((_, d) => (d === at ? channel : "0u"));
}
