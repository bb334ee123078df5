import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  batchedInput,
  type ConvTransposeOptions,
  checkBias,
  checkGroups,
  checkWeight,
  commonOptions,
} from "./checks.ts";
import { finished } from "./conv.ts";
import { convInputGrad } from "./convOps.ts";
import { extent, perAxis } from "./geometry.ts";

/**
 * Transposed convolution over one axis: the input's gradient of `conv1d` as a function of its
 * own. Every element is spread over the places that the kernel covers, `stride` apart.
 * @param x [batch, channels, length], or one example [channels, length]
 * @param weight [channels, outChannels / groups, kernel]
 * @param bias [outChannels]
 * @returns [batch, outChannels, (length - 1) stride - 2 padding + dilation (kernel - 1) +
 *   outputPadding + 1]
 * @throws ShapeError when the shapes do not fit, or nothing is left of the result
 * @throws ValueError for options that are no whole numbers, groups that do not divide, or an
 *   outputPadding that is not smaller than the stride or the dilation
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed("convTranspose1d", 1, x, weight, bias, options);
}

/**
 * Transposed convolution over two axes; see `convTranspose1d`.
 * @param x [batch, channels, height, width], or one example [channels, height, width]
 * @param weight [channels, outChannels / groups, kernelHeight, kernelWidth]
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed("convTranspose2d", 2, x, weight, bias, options);
}

/**
 * Transposed convolution over three axes; see `convTranspose1d`.
 * @param x [batch, channels, depth, height, width], or one example without the batch
 * @param weight [channels, outChannels / groups, kernelDepth, kernelHeight, kernelWidth]
 */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed("convTranspose3d", 3, x, weight, bias, options);
}

function transposed(
  op: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTransposeOptions,
): Tensor {
  const batched = batchedInput(op, x, axes);
  checkWeight(op, weight, axes);
  const common = commonOptions(op, options, axes);
  const channels = batched.shape[1]!;
  if (weight.shape[0] !== channels) throw unfit(op, x, weight);
  checkGroups(op, common.groups, [channels]);
  checkBias(op, bias, weight.shape[1]! * common.groups);
  const padding = perAxis(op, "padding", options.padding ?? 0, axes, 0);
  const more = perAxis(op, "outputPadding", options.outputPadding ?? 0, axes, 0);
  const output = batched.shape.slice(2);
  const attrs = { ...common, padding, kernel: weight.shape.slice(2), output };
  const out = convInputGrad(batched, weight, { ...attrs, input: inputSizes(op, attrs, more) });
  return finished(out, bias, x.rank === axes + 1);
}

interface Sizes {
  readonly output: Shape;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly padding: Shape;
  readonly dilation: Shape;
}

/** Sizes of the result, from which a convolution would make what is given here. */
function inputSizes(op: string, s: Sizes, more: Shape): number[] {
  return s.output.map((n, d) => {
    const [stride, dilation] = [s.stride[d]!, s.dilation[d]!];
    if (more[d]! >= Math.max(stride, dilation)) {
      throw new ValueError(
        `${op}: outputPadding is smaller than the stride or the dilation; got outputPadding ` +
          `${show(more)}, stride ${show(s.stride)}, dilation ${show(s.dilation)}. ` +
          "Pad the result instead.",
      );
    }
    const covered = (n - 1) * stride + extent(s.kernel[d]!, dilation) + more[d]!;
    const size = covered - 2 * s.padding[d]!;
    if (n > 0 && size > 0) return size;
    throw new ShapeError(
      `${op}: the result has ${size} places along spatial axis ${d}; got input sizes ` +
        `${show(s.output)}, kernel ${show(s.kernel)}, padding ${show(s.padding)}. Pad less.`,
    );
  });
}

function unfit(op: string, x: Tensor, weight: Tensor): ShapeError {
  return new ShapeError(
    `${op}: the weight's axis 0 is not the input's channels; got input ${show(x.shape)}, weight ` +
      `${show(weight.shape)}. Give the weight the shape ` +
      "[channels, outChannels / groups, ...kernel].",
  );
}
