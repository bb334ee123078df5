/**
 * How the windows of a pooling lie along one axis: output o sees the places
 * o·stride - padding + j·dilation for j = 0 … kernel - 1 that are inside 0 … size - 1. An adaptive
 * axis (kernel 0) sees ⌊o·size/out⌋ up to and without ⌈(o + 1)·size/out⌉.
 */
export interface PoolAxis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** A range from `lo` up to and without `hi`, in steps; as WGSL of u32 or as numbers. */
export interface Range<T> {
  readonly lo: T;
  readonly hi: T;
  /** It holds `lo` at most: whether it does. */
  readonly some?: T;
}

/** From a window's first place to its last one. */
const extent = ({ kernel, dilation }: PoolAxis): number => (kernel - 1) * dilation + 1;

/** An axis of one place and one window, which needs no loop. */
export const isPoint = ({ size, out }: PoolAxis): boolean => size === 1 && out === 1;

/** WGSL of the places that window `o` sees; the window is known to see one. */
export function windowText(axis: PoolAxis, o: string): Range<string> {
  const { size, out, kernel, stride, padding: p, dilation: d } = axis;
  if (isPoint(axis)) return { lo: "0u", hi: "1u" };
  if (kernel === 0) {
    return {
      lo: `(${o} * ${size}u / ${out}u)`,
      hi: `((${o} * ${size}u + ${size + out - 1}u) / ${out}u)`,
    };
  }
  const start = `(${o} * ${stride}u)`;
  const end = `(${start} + ${extent(axis)}u)`;
  // Where the first place is before the axis, the first one inside is a multiple of d behind it.
  const skipped = d === 1 ? "0u" : `((${(d - 1) * p}u - ${start} * ${d - 1}u) % ${d}u)`;
  return {
    lo: p === 0 ? start : `select(${start} - ${p}u, ${skipped}, ${start} < ${p}u)`,
    hi: `(min(${end}, ${size + p}u) - ${p}u)`,
  };
}

/** WGSL of how many places of window `o` an average counts; zeros around the axis if `padded`. */
export function countText(axis: PoolAxis, o: string, padded: boolean): string {
  const { size, kernel, stride, padding } = axis;
  const { lo, hi } = windowText(axis, o);
  if (kernel === 0 || !padded) return `(${hi} - ${lo})`;
  return `min(${kernel}u, ${size + 2 * padding}u - ${o} * ${stride}u)`;
}

/** WGSL of the windows that can see place `i`; with a dilation also some that do not. */
export function coveringText(axis: PoolAxis, i: string): Range<string> {
  const { size, out, kernel, stride, padding } = axis;
  if (isPoint(axis)) return { lo: "0u", hi: "1u" };
  if (kernel === 0) {
    return {
      lo: `(${i} * ${out}u / ${size}u)`,
      hi: `((${i} * ${out}u + ${out + size - 1}u) / ${size}u)`,
    };
  }
  const at = `(${i} + ${padding}u)`;
  const e = extent(axis);
  if (e <= stride) {
    const lo = `(${at} / ${stride}u)`;
    const inside = e === stride ? "" : ` && ${at} % ${stride}u < ${e}u`;
    return { lo, hi: `(${lo} + 1u)`, some: `${lo} < ${out}u${inside}` };
  }
  return {
    lo: `select(0u, (${at} + ${stride}u - ${e}u) / ${stride}u, ${at} >= ${e}u)`,
    hi: `min(${at} / ${stride}u + 1u, ${out}u)`,
  };
}

/** The places that each window sees. */
export function placesOf(axis: PoolAxis): number[][] {
  const { size, out, kernel, stride, padding, dilation } = axis;
  return Array.from({ length: out }, (_, o) => {
    if (kernel === 0) {
      const lo = Math.floor((o * size) / out);
      const hi = Math.ceil(((o + 1) * size) / out);
      return Array.from({ length: hi - lo }, (_, j) => lo + j);
    }
    const all = Array.from({ length: kernel }, (_, j) => o * stride - padding + j * dilation);
    return all.filter((i) => i >= 0 && i < size);
  });
}

/** How many places of each window an average counts; see `countText`. */
export function countsOf(axis: PoolAxis, padded: boolean): number[] {
  const { size, kernel, stride, padding } = axis;
  return placesOf(axis).map((places, o) =>
    kernel === 0 || !padded ? places.length : Math.min(kernel, size + 2 * padding - o * stride),
  );
}
