import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";

const paddingOf = (a: Arguments) => {
  const value = a.any("padding") ?? 0;
  return typeof value === "string" ? (value as "same" | "valid") : a.numbers("padding");
};

/** One number per axis; PyTorch's default where none is given. */
const sizes = (a: Arguments, name: string, otherwise: number) =>
  a.has(name) ? a.numbers(name) : otherwise;

const conv = (f: typeof tg.conv2d) =>
  adapter("input weight bias stride padding dilation groups", (a) =>
    f(a.tensor("input"), a.tensor("weight"), a.maybeTensor("bias"), {
      stride: sizes(a, "stride", 1),
      padding: a.has("padding") ? paddingOf(a) : 0,
      dilation: sizes(a, "dilation", 1),
      groups: a.number("groups", 1),
    }),
  );

const transposed = (f: typeof tg.convTranspose2d) =>
  adapter("input weight bias stride padding output_padding groups dilation", (a) =>
    f(a.tensor("input"), a.tensor("weight"), a.maybeTensor("bias"), {
      stride: sizes(a, "stride", 1),
      padding: sizes(a, "padding", 0),
      outputPadding: sizes(a, "output_padding", 0),
      dilation: sizes(a, "dilation", 1),
      groups: a.number("groups", 1),
    }),
  );

const foldOptions = (a: Arguments) => ({
  dilation: sizes(a, "dilation", 1),
  padding: sizes(a, "padding", 0),
  stride: sizes(a, "stride", 1),
});

export const convolution: Adapters = {
  channel_shuffle: adapter("input groups", (a) =>
    tg.channelShuffle(a.tensor("input"), a.number("groups")),
  ),
  conv1d: conv(tg.conv1d),
  conv2d: conv(tg.conv2d),
  conv3d: conv(tg.conv3d),
  conv_transpose1d: transposed(tg.convTranspose1d),
  conv_transpose2d: transposed(tg.convTranspose2d),
  conv_transpose3d: transposed(tg.convTranspose3d),
  fold: adapter("input output_size kernel_size dilation padding stride", (a) =>
    tg.fold(a.tensor("input"), a.numbers("output_size"), a.numbers("kernel_size"), foldOptions(a)),
  ),
  "nn.functional.unfold": adapter("input kernel_size dilation padding stride", (a) =>
    tg.unfold(a.tensor("input"), a.numbers("kernel_size"), foldOptions(a)),
  ),
  pixel_shuffle: adapter("input upscale_factor", (a) =>
    tg.pixelShuffle(a.tensor("input"), a.number("upscale_factor")),
  ),
  pixel_unshuffle: adapter("input downscale_factor", (a) =>
    tg.pixelUnshuffle(a.tensor("input"), a.number("downscale_factor")),
  ),
};
