import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import {
  batchedInput,
  type ConvOptions,
  checkBias,
  checkGroups,
  checkWeight,
  commonOptions,
} from "./checks.ts";
import { convForward } from "./convOps.ts";
import { extent, outputSizes, perAxis } from "./geometry.ts";

/**
 * Convolution over one axis (as everywhere in deep learning, without turning the kernel round):
 * out[n, o, p] = bias[o] + Σ over c, k of weight[o, c, k] x[n, c, p stride - padding + k dilation].
 * @param x [batch, channels, length], or one example [channels, length]
 * @param weight [outChannels, channels / groups, kernel]
 * @param bias [outChannels]
 * @returns [batch, outChannels, ⌊(length + 2 padding - dilation (kernel - 1) - 1) / stride⌋ + 1]
 * @throws ShapeError when the shapes do not fit, or the kernel is larger than the padded input
 * @throws ValueError for options that are no whole numbers, or groups that do not divide
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  return convolve("conv1d", 1, x, weight, bias, options);
}

/**
 * Convolution over two axes; see `conv1d`.
 * @param x [batch, channels, height, width], or one example [channels, height, width]
 * @param weight [outChannels, channels / groups, kernelHeight, kernelWidth]
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  return convolve("conv2d", 2, x, weight, bias, options);
}

/**
 * Convolution over three axes; see `conv1d`.
 * @param x [batch, channels, depth, height, width], or one example without the batch
 * @param weight [outChannels, channels / groups, kernelDepth, kernelHeight, kernelWidth]
 */
export function conv3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  return convolve("conv3d", 3, x, weight, bias, options);
}

function convolve(
  op: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvOptions,
): Tensor {
  const batched = batchedInput(op, x, axes);
  checkWeight(op, weight, axes);
  const common = commonOptions(op, options, axes);
  const channels = batched.shape[1]!;
  checkGroups(op, common.groups, [channels, weight.shape[0]!]);
  if (weight.shape[1]! * common.groups !== channels) throw unfit(op, x, weight, common.groups);
  checkBias(op, bias, weight.shape[0]!);
  const sizes = { ...common, input: batched.shape.slice(2), kernel: weight.shape.slice(2) };
  const zeros = zerosOf(op, options.padding ?? 0, sizes);
  const output = outputSizes(
    op,
    sizes,
    zeros.before.map((n, d) => n + zeros.after[d]!),
  );
  const out = convForward(batched, weight, { ...sizes, output, padding: zeros.before });
  return finished(out, bias, x.rank === axes + 1);
}

/** Adds the bias, and takes the batch axis away that was added. */
export function finished(out: Tensor, bias: Tensor | null, single: boolean): Tensor {
  const ones = out.shape.slice(2).map(() => 1);
  const whole = bias === null ? out : add(out, reshape(bias, [bias.size, ...ones]));
  return single ? reshape(whole, whole.shape.slice(1)) : whole;
}

function zerosOf(
  op: string,
  padding: NonNullable<ConvOptions["padding"]>,
  { kernel, stride, dilation }: { kernel: Shape; stride: Shape; dilation: Shape },
): { before: Shape; after: Shape } {
  if (padding === "valid") return zerosOf(op, 0, { kernel, stride, dilation });
  if (padding !== "same") {
    if (typeof padding === "string") {
      throw new ValueError(
        `${op}: unknown padding; got "${padding}". Use numbers, "same" or "valid".`,
      );
    }
    const before = perAxis(op, "padding", padding, kernel.length, 0);
    return { before, after: before };
  }
  if (stride.some((s) => s !== 1)) {
    throw new ValueError(
      `${op}: padding "same" keeps the sizes, which a stride does not; got stride ` +
        `${show(stride)}. Leave the stride out, or give the padding as numbers.`,
    );
  }
  const total = kernel.map((k, d) => extent(k, dilation[d]!) - 1);
  const before = total.map((n) => Math.floor(n / 2));
  return { before, after: total.map((n, d) => n - before[d]!) };
}

function unfit(op: string, x: Tensor, weight: Tensor, groups: number): ShapeError {
  return new ShapeError(
    `${op}: the weight's axis 1 is not channels / groups; got input ${show(x.shape)}, weight ` +
      `${show(weight.shape)}, groups ${groups}. Give the weight the shape ` +
      "[outChannels, channels / groups, ...kernel].",
  );
}
