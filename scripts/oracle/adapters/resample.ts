import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";

const numbersOr = (a: Arguments, name: string): number[] | null =>
  a.has(name) ? a.numbers(name) : null;
const flagOr = (a: Arguments, name: string): boolean | null => (a.has(name) ? a.flag(name) : null);

const resized = (mode: tg.InterpolationMode | null, alignCorners: boolean | null = null) =>
  adapter("input size scale_factor mode align_corners recompute_scale_factor antialias", (a) =>
    tg.interpolate(a.tensor("input"), {
      size: numbersOr(a, "size"),
      scaleFactor: numbersOr(a, "scale_factor"),
      mode: mode ?? (a.text("mode", "nearest") as tg.InterpolationMode),
      alignCorners: flagOr(a, "align_corners") ?? alignCorners,
      recomputeScaleFactor: flagOr(a, "recompute_scale_factor"),
      antialias: a.flag("antialias"),
    }),
  );

export const resample: Adapters = {
  affine_grid: adapter("theta size align_corners", (a) =>
    tg.affineGrid(a.tensor("theta"), a.numbers("size"), { alignCorners: a.flag("align_corners") }),
  ),
  grid_sample: adapter("input grid mode padding_mode align_corners", (a) =>
    tg.gridSample(a.tensor("input"), a.tensor("grid"), {
      mode: a.text("mode", "bilinear") as "bilinear",
      paddingMode: a.text("padding_mode", "zeros") as "zeros",
      alignCorners: a.flag("align_corners"),
    }),
  ),
  interpolate: resized(null),
  upsample: resized(null),
  upsample_bilinear: resized("bilinear", true),
  upsample_nearest: resized("nearest"),
};
