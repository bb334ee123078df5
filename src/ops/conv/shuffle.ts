import { ShapeError, ValueError } from "../../core/errors.ts";
import { show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute, reshape } from "../movement/movement.ts";

/**
 * Channels to places: out[c, y r + i, x r + j] = in[c r² + i r + j, y, x], a view.
 * @param x [..., channels * r², height, width]
 * @returns [..., channels, height * r, width * r]
 * @throws ShapeError when r² does not divide the channels
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = factor("pixelShuffle", "upscaleFactor", upscaleFactor);
  const [lead, c, h, w] = imageOf("pixelShuffle", x);
  if (c % (r * r) !== 0) {
    throw new ShapeError(
      `pixelShuffle: ${c} channels are no multiple of upscaleFactor² = ${r * r}; got shape ` +
        `${show(x.shape)}. Change the channels or the factor.`,
    );
  }
  const split = reshape(x, [sizeOf(lead), c / (r * r), r, r, h, w]);
  return reshape(permute(split, [0, 1, 4, 2, 5, 3]), [...lead, c / (r * r), h * r, w * r]);
}

/**
 * Places to channels, the inverse of `pixelShuffle`; a view.
 * @param x [..., channels, height, width]
 * @returns [..., channels * r², height / r, width / r]
 * @throws ShapeError when r does not divide height and width
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = factor("pixelUnshuffle", "downscaleFactor", downscaleFactor);
  const [lead, c, h, w] = imageOf("pixelUnshuffle", x);
  if (h % r !== 0 || w % r !== 0) {
    throw new ShapeError(
      `pixelUnshuffle: height ${h} and width ${w} are no multiples of downscaleFactor ${r}; got ` +
        `shape ${show(x.shape)}. Pad the image or change the factor.`,
    );
  }
  const split = reshape(x, [sizeOf(lead), c, h / r, r, w / r, r]);
  return reshape(permute(split, [0, 1, 3, 5, 2, 4]), [...lead, c * r * r, h / r, w / r]);
}

/**
 * Deals the channels of all groups in turn: channel i of group g goes to place i groups + g; a
 * view.
 * @param x [batch, channels, ...]
 * @throws ShapeError when groups do not divide the channels
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const g = factor("channelShuffle", "groups", groups);
  const [n, c = 0, ...rest] = x.shape as [number, ...number[]];
  if (x.rank < 3 || c % g !== 0) {
    throw new ShapeError(
      `channelShuffle: the input is [batch, channels, ...] with channels a multiple of groups; ` +
        `got shape ${show(x.shape)}, groups ${g}. Change the channels or the groups.`,
    );
  }
  const split = reshape(x, [n, g, c / g, sizeOf(rest)]);
  return reshape(permute(split, [0, 2, 1, 3]), x.shape);
}

function factor(op: string, name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new ValueError(
    `${op}: ${name} is a whole number of at least 1; got ${value}. Use for example 2.`,
  );
}

function imageOf(op: string, x: Tensor): [readonly number[], number, number, number] {
  if (x.rank >= 3) {
    const [c, h, w] = x.shape.slice(-3) as [number, number, number];
    return [x.shape.slice(0, -3), c, h, w];
  }
  throw new ShapeError(
    `${op}: the input has ${x.rank} axes; got shape ${show(x.shape)}. ` +
      "Give it the shape [..., channels, height, width].",
  );
}
