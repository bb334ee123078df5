import type { KernelCall, KernelSource, Sink } from "../../src/core/ir.ts";
import { plus, range, times, u32 } from "../indexText.ts";
import { perElement } from "./perRun.ts";
import { isPoint, type PoolAxis, type Range } from "./poolWindow.ts";

/**
 * Pooling of rows [rows, d0, d1, d2] over windows of three axes, of which unused ones have size 1.
 */

/** Windows of this many places at most are written out. */
export const WRITTEN_OUT = 9;

export const AXES = [0, 1, 2] as const;

export const axesOf = (call: KernelCall) => call.attrs.axes as readonly PoolAxis[];

/** Loops over ranges of the three axes with counters q0, q1 and q2; bounded by the axes' sizes. */
export function loops(
  axes: readonly PoolAxis[],
  ranges: readonly Range<string>[],
  step: boolean,
  body: string,
) {
  return AXES.reduceRight((inner, d) => {
    if (isPoint(axes[d]!)) return `{ let q${d} = 0u;\n${inner} }`;
    const { lo, hi, some } = ranges[d]!;
    if (some !== undefined) return `let q${d} = ${lo};\nif (${some}) {\n${inner}\n}`;
    const by = step ? Math.max(axes[d]!.dilation, 1) : 1;
    return `let end${d} = ${hi};\nfor (var q${d} = ${lo}; q${d} < end${d}; q${d} += ${by}u) {\n${inner}\n}`;
  }, body);
}

/** The running number of a place among the input's places of one row. */
export const flat = ([, b, c]: readonly PoolAxis[], [i, j, k]: readonly string[]): string =>
  `((${i} * ${b!.size}u + ${j}) * ${c!.size}u + ${k})`;

export const COUNTERS = ["q0", "q1", "q2"];

/** The window of a thread; its last one, for threads behind it. */
export const WINDOW = ["row", "w0", "w1", "w2"];

/** Each place is seen by one window at most, and none is cut off before the axis. */
export const isTiled = ({ kernel, stride, padding, dilation }: PoolAxis): boolean =>
  kernel > 0 && kernel === stride && padding === 0 && dilation === 1;

/**
 * A thread per window, which stores all its places: `value` at q0, q1, q2, after `read` has read
 * what belongs to the window. Places behind the last window belong to one that adds nothing.
 */
export function overTiles(
  call: KernelCall,
  label: string,
  read: string,
  value: string,
): KernelSource {
  const axes = axesOf(call);
  const [out] = call.outputs as [Sink];
  const tiles = axes.map(({ size, stride }) => Math.ceil(size / stride));
  const behind = axes.flatMap(({ out: count }, d) =>
    tiles[d]! > count ? [`p${d} < ${count}u`] : [],
  );
  const some = behind.length === 0 ? value : `select(0.0, ${value}, some)`;
  const store = out.store(["row", ...COUNTERS], some);
  const written = axes.reduce((n, { kernel }) => n * kernel, 1) <= WRITTEN_OUT;
  const body = AXES.reduceRight((inner, d) => {
    const { size, kernel } = axes[d]!;
    const cut = tiles[d]! * kernel > size ? `if (q${d} < ${size}u) {\n${inner}\n}` : inner;
    const at = (i: string) => `{\nlet q${d} = ${plus(times(`p${d}`, kernel), i)};\n${cut}\n}`;
    const all = range(kernel).map((i) => at(u32(i)));
    if (written) return all.join("\n");
    return `for (var i${d} = 0u; i${d} < ${kernel}u; i${d}++) ${at(`i${d}`)}`;
  }, store);
  const clamped = axes.map(({ out: count }, d) =>
    tiles[d]! > count ? `let w${d} = min(p${d}, ${count - 1}u);` : `let w${d} = p${d};`,
  );
  return perElement(
    call,
    label,
    [out.shape[0]!, ...tiles],
    `${clamped.join("\n")}
${behind.length === 0 ? "" : `let some = ${behind.join(" && ")};`}
${read}
${body}`,
  );
}
