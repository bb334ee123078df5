import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ge, gt, le, logicalAnd, lt, where } from "../elementwise/compare.ts";
import { abs, clamp } from "../elementwise/extrema.ts";
import { fmod } from "../elementwise/remainder.ts";
import { floor, round } from "../elementwise/rounding.ts";
import { gather3 } from "../indexing/gatherOps.ts";
import { select } from "../movement/join.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { constantLike } from "../rules.ts";

export interface GridSampleOptions {
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  /** What lies outside: zeros, the border's values, or the image mirrored again and again. */
  readonly paddingMode?: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the middles of the outer places, not the outer edges. */
  readonly alignCorners?: boolean;
}

type Settings = Required<GridSampleOptions>;

/** One tap along one axis: its place, and its factor; both [N, taps or 1, …, P]. */
interface Tap {
  readonly place: Tensor;
  readonly weight: Tensor;
}

/** From -1 … 1 to places on an axis of n. */
function placeOn(x: Tensor, n: number, { alignCorners }: Settings): Tensor {
  return alignCorners ? mul(add(x, 1), (n - 1) / 2) : div(sub(mul(add(x, 1), n), 1), 2);
}

/** The gradient stops at the borders themselves, too, as in PyTorch. */
function clipped(x: Tensor, n: number): Tensor {
  const inside = logicalAnd(gt(x, 0), lt(x, n - 1));
  return where(inside, x, where(le(x, 0), 0, constantLike(n - 1, x)));
}

/** Folded back at both borders as often as it takes. */
function reflected(x: Tensor, n: number, { alignCorners }: Settings): Tensor {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? n - 1 : n;
  if (span === 0) return mul(x, 0);
  const away = abs(sub(x, low));
  const extra = fmod(away, span);
  const odd = eq(fmod(floor(div(away, span)), 2), 1);
  return add(where(odd, sub(span, extra), extra), low);
}

function kept(x: Tensor, n: number, settings: Settings): Tensor {
  if (settings.paddingMode === "zeros") return x;
  return clipped(settings.paddingMode === "reflection" ? reflected(x, n, settings) : x, n);
}

/** The places that x meets along an axis of n, numbered along `axis` of rank axes. */
function tapsOf(x: Tensor, n: number, axis: number, rank: number, settings: Settings): Tap {
  const lifted = reshape(x, [x.shape[0]!, ...new Array<number>(rank).fill(1), x.shape[1]!]);
  if (settings.mode === "bicubic") return cubicTaps(lifted, n, axis, settings);
  const at = kept(lifted, n, settings);
  if (settings.mode === "nearest") return { place: round(at), weight: constantLike(1, at) };
  const first = floor(at);
  const part = sub(at, first);
  const t = numbered(at, axis, 2);
  // 1 - part for the first tap, part for the second.
  const weight = add(sub(1, t), mul(part, sub(mul(t, 2), 1)));
  return { place: add(first, t), weight };
}

const numbered = (x: Tensor, axis: number, count: number): Tensor =>
  cast(indexAlong(x, axis, count), "float32");

/** Keys 1981 with a = -0.75; each of the four places is brought inside by itself. */
function cubicTaps(x: Tensor, n: number, axis: number, settings: Settings): Tap {
  const first = floor(x);
  const t = numbered(x, axis, 4);
  const d = abs(sub(sub(t, 1), sub(x, first)));
  const near = add(mul(mul(sub(mul(d, 1.25), 2.25), d), d), 1);
  const far = add(mul(sub(mul(add(mul(d, -0.75), 3.75), d), 6), d), 3);
  const place = kept(add(first, sub(t, 1)), n, settings);
  return { place: round(place), weight: where(le(d, 1), near, far) };
}

const product = (list: readonly Tensor[]): Tensor => list.reduce((a, b) => mul(a, b));

/** The running number of each place met, and its factor: 0 outside, where nothing is read. */
function placesMet(taps: readonly Tap[], sizes: Shape) {
  let index: Tensor | null = null;
  const factors: Tensor[] = [];
  taps.forEach(({ place, weight }, d) => {
    const last = sizes[d]! - 1;
    const inside = logicalAnd(ge(place, 0), le(place, last));
    factors.push(where(inside, weight, 0));
    const bounded = cast(clamp(place, 0, last), "int32");
    index = index === null ? bounded : add(mul(index, constantLike(sizes[d]!, index)), bounded);
  });
  return { index: index as unknown as Tensor, factor: product(factors) };
}

function check(x: Tensor, grid: Tensor, settings: Settings): void {
  const rank = x.rank - 2;
  const fits = grid.rank === x.rank && grid.shape[0] === x.shape[0] && grid.shape.at(-1) === rank;
  if ((rank !== 2 && rank !== 3) || !fits || x.shape.slice(2).includes(0)) {
    throw new ShapeError(
      `gridSample: the grid does not fit the input; got input ${show(x.shape)}, grid ` +
        `${show(grid.shape)}. Give [N, C, H, W] and [N, h, w, 2], or [N, C, D, H, W] and ` +
        "[N, d, h, w, 3].",
    );
  }
  checkOne("mode", settings.mode, ["bilinear", "nearest", "bicubic"]);
  checkOne("paddingMode", settings.paddingMode, ["zeros", "border", "reflection"]);
  if (rank === 3 && settings.mode === "bicubic") {
    throw new ValueError(
      `gridSample: bicubic is for images; got input ${show(x.shape)}. Use bilinear for volumes.`,
    );
  }
}

function checkOne(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ValueError(`gridSample: unknown ${name} "${value}". Use one of ${known.join(", ")}.`);
}

/**
 * The input at the places that the grid names: coordinates (x, y) or (x, y, z) from -1 to 1 across
 * the image, interpolated between the 2 (bilinear) or 4 (bicubic) places per axis around them.
 * @param x [N, C, H, W] or [N, C, D, H, W]
 * @param grid [N, h, w, 2] or [N, d, h, w, 3]
 * @returns [N, C, h, w] or [N, C, d, h, w]
 * @throws ShapeError, ValueError  Source: Jaderberg et al. 2015, arXiv:1506.02025, section 3.3.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const settings = {
    mode: "bilinear",
    paddingMode: "zeros",
    alignCorners: false,
    ...options,
  } as const;
  check(x, grid, settings);
  const [batch, channels] = x.shape as [number, number];
  const sizes = x.shape.slice(2);
  const outer = grid.shape.slice(1, -1);
  const points = outer.reduce((n, m) => n * m, 1);
  const shape = [batch, channels, ...outer];
  const coordinates = reshape(grid, [batch, points, sizes.length]);
  // The grid's last axis runs from the last spatial axis to the first.
  const taps = sizes.map((n, d) => {
    const along = placeOn(select(coordinates, 2, sizes.length - 1 - d), n, settings);
    return tapsOf(along, n, d + 1, sizes.length, settings);
  });
  const { index, factor } = placesMet(taps, sizes);
  const met = index.shape.slice(1, -1).reduce((n, m) => n * m, 1);
  const flat = (t: Tensor, ...rest: number[]) =>
    reshape(expand(t, [batch, ...index.shape.slice(1)]), [batch, ...rest, 1]);
  const rows = expand(flat(index, met * points), [batch, met * points, channels]);
  const pixels = permute(
    reshape(x, [batch, channels, sizes.reduce((n, m) => n * m, 1)]),
    [0, 2, 1],
  );
  const read = reshape(gather3(pixels, rows, { trusted: true }), [batch, met, points, channels]);
  const mixed = sum(mul(read, flat(factor, met, points)), 1);
  return reshape(permute(mixed, [0, 2, 1]), shape);
}
