import { u32, unravel } from "../indexText.ts";

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

/** Of each of the three directions, counting products with the zeros around the input. */
export const convFlops = (
  { output }: ConvShape,
  batch: number,
  weight: { readonly shape: readonly number[] },
): number => [batch, ...output, ...weight.shape].reduce((a, b) => a * b, 2);

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
