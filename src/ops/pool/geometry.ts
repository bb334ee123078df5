import { type PoolAxis, placesOf } from "../../../kernels/pool/poolWindow.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type PerAxis, perAxis } from "../conv/geometry.ts";
import { reshape } from "../movement/movement.ts";

export interface WindowOptions {
  /** From one window to the next; the kernel's size unless given. */
  readonly stride?: PerAxis | null;
  /** Places added at both ends of each axis; at most half of the window. */
  readonly padding?: PerAxis;
  /** From one place of a window to the next. */
  readonly dilation?: PerAxis;
  /** A last window may reach beyond the end. */
  readonly ceilMode?: boolean;
}

const POINT: PoolAxis = { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 };

/** Three axes for the kernels: those in front that are not there have one place. */
export const threeAxes = (axes: readonly PoolAxis[]): PoolAxis[] => [
  ...new Array<PoolAxis>(3 - axes.length).fill(POINT),
  ...axes,
];

/** @throws ShapeError unless x is [N, C, …spatial] or [C, …spatial] with places to pool */
export function checkPooled(op: string, x: Tensor, axes: number): void {
  const spatial = x.shape.slice(-axes);
  if ((x.rank === axes + 1 || x.rank === axes + 2) && spatial.every((n) => n > 0)) return;
  const names = ["length", "height, width", "depth, height, width"][axes - 1];
  throw new ShapeError(
    `${op}: the input is not [batch, channels, ${names}] or [channels, ${names}] with at least ` +
      `one place per axis; got ${show(x.shape)}. Reshape it.`,
  );
}

/** x [N, C, …] or [C, …] as rows [N·C, d0, d1, d2]. */
export function toRows(x: Tensor, axes: number): Tensor {
  const spatial = x.shape.slice(-axes);
  const rows = x.shape.slice(0, -axes).reduce((n, m) => n * m, 1);
  return reshape(x, [rows, ...new Array<number>(3 - axes).fill(1), ...spatial]);
}

/** The result's rows back in the form of x. */
export const fromRows = (out: Tensor, x: Tensor, axes: readonly PoolAxis[]): Tensor =>
  reshape(out, [...x.shape.slice(0, -axes.length), ...axes.map((a) => a.out)]);

/**
 * The windows of each spatial axis.
 * @throws ValueError for options that are not sizes, or too much padding; ShapeError when a
 * window does not fit
 */
export function slidingAxes(
  op: string,
  x: Tensor,
  rank: number,
  kernelSize: PerAxis,
  { stride, padding = 0, dilation = 1, ceilMode = false }: WindowOptions,
): PoolAxis[] {
  checkPooled(op, x, rank);
  const kernel = perAxis(op, "kernelSize", kernelSize, rank, 1);
  const none =
    stride === undefined || stride === null || (typeof stride !== "number" && stride.length === 0);
  const strides = none ? kernel : perAxis(op, "stride", stride, rank, 1);
  const pads = perAxis(op, "padding", padding, rank, 0);
  const dilations = perAxis(op, "dilation", dilation, rank, 1);
  return kernel.map((k, d) => {
    const size = x.shape[x.rank - rank + d]!;
    const axis = {
      size,
      kernel: k,
      stride: strides[d]!,
      padding: pads[d]!,
      dilation: dilations[d]!,
    };
    return { ...axis, out: windowCount(op, x, axis, ceilMode) };
  });
}

function windowCount(
  op: string,
  x: Tensor,
  axis: Omit<PoolAxis, "out">,
  ceilMode: boolean,
): number {
  const { size, kernel, stride, padding, dilation } = axis;
  const covered = (kernel - 1) * dilation + 1;
  if (2 * padding > covered) {
    throw new ValueError(
      `${op}: padding ${padding} is more than half of a window of ${covered}; got kernelSize ` +
        `${kernel}, dilation ${dilation}. Pad less, or pad the input itself with zeroPad.`,
    );
  }
  const room = size + 2 * padding - covered;
  let out = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // A window that would begin behind the end and its padding is left out.
  if (ceilMode && (out - 1) * stride >= size + padding) out--;
  const loose = dilation > 1 && padding > 0;
  if (out < 1 || (loose && placesOf({ ...axis, out }).some((places) => places.length === 0))) {
    throw new ShapeError(
      `${op}: a window of ${covered} places does not fit an axis of ${size} with padding ` +
        `${padding}; got ${show(x.shape)}. Take a smaller kernel or dilation.`,
    );
  }
  return out;
}

/** One size for all spatial axes, or one for each; null keeps the input's. */
export type AdaptiveSize = number | readonly (number | null)[];

/** The windows that give `outputSize` results; equal ones where it divides the input's size. */
export function adaptiveAxes(
  op: string,
  x: Tensor,
  rank: number,
  outputSize: AdaptiveSize,
): PoolAxis[] {
  checkPooled(op, x, rank);
  const spatial = x.shape.slice(-rank);
  const asked = typeof outputSize === "number" ? [outputSize] : outputSize;
  const full = asked.length === 1 ? new Array<number | null>(rank).fill(asked[0]!) : asked;
  if (full.length !== rank) {
    throw new ValueError(
      `${op}: outputSize is one size, or one for each of the ${rank} spatial axes; got ` +
        `[${asked.join(", ")}]. Give for example outputSize 1.`,
    );
  }
  const sizes = perAxis(
    op,
    "outputSize",
    full.map((n, d) => n ?? spatial[d]!),
    rank,
    0,
  );
  return sizes.map((out, d) => adaptiveAxis(spatial[d]!, out));
}

function adaptiveAxis(size: number, out: number): PoolAxis {
  const each = out > 0 && size % out === 0 ? size / out : 0;
  return { size, out, kernel: each, stride: Math.max(each, 1), padding: 0, dilation: 1 };
}

export const shapeOf = (axes: readonly PoolAxis[], side: "size" | "out"): Shape =>
  axes.map((axis) => axis[side]);
