import { ShapeError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute, reshape } from "../movement/movement.ts";
import { cut, zeroPad } from "../movement/window.ts";
import { outputSizes, type PerAxis, perAxis } from "./geometry.ts";
import { fromWindows, toWindows, type Windows } from "./windows.ts";

export interface FoldOptions {
  /** Distance between neighbours of a window; default 1. */
  readonly dilation?: PerAxis;
  /** Zeros on both sides; default 0. */
  readonly padding?: PerAxis;
  /** Places from one window to the next; default 1. */
  readonly stride?: PerAxis;
}

/** The windows along both axes of a padded image, and its padding. */
function windowsOf(op: string, image: Shape, kernelSize: PerAxis, options: FoldOptions) {
  const kernel = perAxis(op, "kernelSize", kernelSize, 2, 1);
  const stride = perAxis(op, "stride", options.stride ?? 1, 2, 1);
  const dilation = perAxis(op, "dilation", options.dilation ?? 1, 2, 1);
  const padding = perAxis(op, "padding", options.padding ?? 0, 2, 0);
  const zeros = padding.map((n) => 2 * n);
  const counts = outputSizes(op, { input: image, kernel, stride, dilation }, zeros);
  const axes = image.map(
    (n, d): Windows => ({
      size: n + zeros[d]!,
      count: counts[d]!,
      kernel: kernel[d]!,
      stride: stride[d]!,
      dilation: dilation[d]!,
    }),
  );
  return { axes: axes as [Windows, Windows], padding };
}

/**
 * All windows of an image as columns (im2col), a view: column p holds, channel by channel, what
 * the kernel covers at its place p. unfold, a product with the weights and a reshape are a
 * convolution; `conv2d` needs no such copies.
 * @param x [batch, channels, height, width], or one example [channels, height, width]
 * @returns [batch, channels * kernelHeight * kernelWidth, windows]
 * @throws ShapeError for another rank, or a kernel larger than the padded image
 */
export function unfold(x: Tensor, kernelSize: PerAxis, options: FoldOptions = {}): Tensor {
  if (x.rank === 3) {
    const columns = unfold(reshape(x, [1, ...x.shape]), kernelSize, options);
    return reshape(columns, columns.shape.slice(1));
  }
  if (x.rank !== 4) throw wrongRank("unfold", x, "[batch, channels, height, width]");
  const [n, c, ...image] = x.shape as [number, number, number, number];
  const { axes, padding } = windowsOf("unfold", image, kernelSize, options);
  const [h, w] = axes;
  const padded = zeroPad(x, [0, 0, ...padding], [0, 0, ...padding]);
  const rows = toWindows(reshape(padded, [n * c, h.size, w.size]), h);
  const both = toWindows(reshape(rows, [n * c * h.kernel * h.count, w.size, 1]), w);
  const split = reshape(both, [n, c, h.kernel, h.count, w.kernel, w.count]);
  return reshape(permute(split, [0, 1, 2, 4, 3, 5]), [
    n,
    c * h.kernel * w.kernel,
    h.count * w.count,
  ]);
}

/**
 * The transpose of `unfold` (col2im): columns are added to the places of an image that they show.
 * @param x [batch, channels * kernelHeight * kernelWidth, windows], or one example without batch
 * @returns [batch, channels, ...outputSize]
 * @throws ShapeError when the columns are not those of such an image
 */
export function fold(
  x: Tensor,
  outputSize: PerAxis,
  kernelSize: PerAxis,
  options: FoldOptions = {},
): Tensor {
  if (x.rank === 2) {
    const image = fold(reshape(x, [1, ...x.shape]), outputSize, kernelSize, options);
    return reshape(image, image.shape.slice(1));
  }
  if (x.rank !== 3) throw wrongRank("fold", x, "[batch, channels * kernel places, windows]");
  const image = perAxis("fold", "outputSize", outputSize, 2, 1);
  const { axes, padding } = windowsOf("fold", image, kernelSize, options);
  const [h, w] = axes;
  const [n, rows, count] = x.shape as [number, number, number];
  const c = rows / (h.kernel * w.kernel);
  if (!Number.isInteger(c) || count !== h.count * w.count) throw unfit(x, axes, image);
  const split = reshape(x, [n, c, h.kernel, w.kernel, h.count, w.count]);
  const byRows = reshape(permute(split, [0, 1, 2, 4, 3, 5]), [
    n * c * h.kernel * h.count,
    w.kernel,
    w.count,
    1,
  ]);
  const across = reshape(fromWindows(byRows, w), [n * c, h.kernel, h.count, w.size]);
  const padded = reshape(fromWindows(across, h), [n, c, h.size, w.size]);
  return cut(padded, [0, 0, ...padding], [n, c, ...image], [1, 1, 1, 1]);
}

function wrongRank(op: string, x: Tensor, shape: string): ShapeError {
  return new ShapeError(
    `${op}: the input has ${x.rank} axes; got shape ${show(x.shape)}. Give it the shape ` +
      `${shape}, with or without the batch.`,
  );
}

function unfit(x: Tensor, [h, w]: readonly [Windows, Windows], image: Shape): ShapeError {
  return new ShapeError(
    `fold: an image ${show(image)} has ${h.count * w.count} windows of ` +
      `${h.kernel * w.kernel} places per channel; got columns ${show(x.shape)}. ` +
      "Give the sizes and options that unfold was called with.",
  );
}
