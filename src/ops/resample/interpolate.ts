import { isKept, type ResampleAxis, type ResampleMode } from "../../../kernels/pool/resample.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type PerAxis, perAxis } from "../conv/geometry.ts";
import { expand, reshape } from "../movement/movement.ts";
import { averagedOver } from "../pool/avgPool.ts";
import { adaptiveAxes } from "../pool/geometry.ts";
import { type ResampleAttrs, resampleRows } from "./resampleOps.ts";
import { tapsAlong } from "./resampleReference.ts";

export type InterpolationMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "bicubic"
  | "trilinear"
  | "area";

export interface InterpolateOptions {
  /** The new sizes of the spatial axes; or how many times larger they become. */
  readonly size?: PerAxis | null;
  readonly scaleFactor?: number | readonly number[] | null;
  readonly mode?: InterpolationMode;
  /** Lays the first and last places on each other, not the outer edges; not for "nearest". */
  readonly alignCorners?: boolean | null;
  /** Takes the ratio of the sizes for the distances, not `scaleFactor` as it was given. */
  readonly recomputeScaleFactor?: boolean | null;
  readonly antialias?: boolean;
}

/** The kernels' mode, and how many spatial axes it is for; null for any number. */
const modes: Readonly<Record<InterpolationMode, readonly [ResampleMode | null, number | null]>> = {
  nearest: ["nearest", null],
  "nearest-exact": ["nearest-exact", null],
  linear: ["linear", 1],
  bilinear: ["linear", 2],
  bicubic: ["cubic", 2],
  trilinear: ["linear", 3],
  area: [null, null],
};

function checkMode(x: Tensor, options: InterpolateOptions): ResampleMode | null {
  const { mode = "nearest", alignCorners = null, antialias = false } = options;
  const found = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (found === undefined) {
    const known = Object.keys(modes).join(", ");
    throw new ValueError(`interpolate: unknown mode "${mode}". Use one of ${known}.`);
  }
  const [kind, axes] = found;
  const rank = x.rank - 2;
  if (rank < 1 || rank > 3 || (axes !== null && axes !== rank) || x.shape.slice(2).includes(0)) {
    throw new ShapeError(
      `interpolate: mode "${mode}" is for [batch, channels, …] with ${axes ?? "1 to 3"} spatial ` +
        `axes of at least one place; got ${show(x.shape)}. Reshape it, or use another mode.`,
    );
  }
  if (alignCorners !== null && kind !== "linear" && kind !== "cubic") {
    throw new ValueError(
      `interpolate: alignCorners has no meaning for mode "${mode}". Leave it out.`,
    );
  }
  if (antialias) {
    throw new ValueError(
      'interpolate: antialias is not there; got true. Use mode "area" to make images smaller.',
    );
  }
  return kind;
}

/** The factor of each spatial axis, where the new sizes are given by factors; else null. */
function factorsOf(x: Tensor, { size, scaleFactor }: InterpolateOptions): Shape | null {
  const given = (v: unknown) => v !== undefined && v !== null;
  if (given(size) === given(scaleFactor)) {
    throw new ValueError(
      `interpolate: give either size or scaleFactor; got ${given(size) ? "both" : "neither"}.`,
    );
  }
  if (scaleFactor === undefined || scaleFactor === null) return null;
  const list = typeof scaleFactor === "number" ? [scaleFactor] : scaleFactor;
  const rank = x.rank - 2;
  const full = list.length === 1 ? new Array<number>(rank).fill(list[0]!) : list;
  if (full.length === rank && full.every((f) => f > 0 && Number.isFinite(f))) return full;
  throw new ValueError(
    `interpolate: scaleFactor is one number above 0, or one for each of ${rank} spatial axes; ` +
      `got ${show(list)}.`,
  );
}

function newSizes(x: Tensor, factors: Shape | null, size: PerAxis | null | undefined): Shape {
  if (factors === null) return perAxis("interpolate", "size", size!, x.rank - 2, 1);
  const sizes = factors.map((f, d) => Math.floor(x.shape[2 + d]! * f));
  if (sizes.every((n) => n > 0)) return sizes;
  throw new ValueError(
    `interpolate: the factors leave nothing; got ${show(factors)} for ${show(x.shape)}. ` +
      "Use larger ones.",
  );
}

function axisOf(
  mode: ResampleMode,
  alignCorners: boolean,
  size: number,
  out: number,
  factor: number | null,
): ResampleAxis {
  if (mode !== "cubic" && mode !== "nearest-exact" && size === out) return { size, out, scale: 1 };
  if (alignCorners) return { size, out, scale: out > 1 ? (size - 1) / (out - 1) : 0 };
  const doubled = mode === "nearest" && out === 2 * size;
  return { size, out, scale: doubled ? 0.5 : factor === null ? size / out : 1 / factor };
}

/** Whether each place is just repeated equally often, so that a view does. */
const repeats = (axes: readonly ResampleAxis[], attrs: ResampleAttrs): boolean =>
  axes.every(
    (axis) =>
      axis.out % axis.size === 0 &&
      tapsAlong(axis, attrs).every(([tap], o) => {
        return tap!.place === Math.floor((o * axis.size) / axis.out);
      }),
  );

function repeated(x: Tensor, axes: readonly ResampleAxis[]): Tensor {
  const outer = x.shape.slice(0, 2);
  const apart = reshape(x, [...outer, ...axes.flatMap(({ size }) => [size, 1])]);
  const wide = expand(apart, [...outer, ...axes.flatMap(({ size, out }) => [size, out / size])]);
  return reshape(wide, [...outer, ...axes.map(({ out }) => out)]);
}

/**
 * x resampled to other spatial sizes. Each place of the output is laid on the input (edges on
 * edges, or with `alignCorners` outer places on outer places) and takes the place it falls into
 * ("nearest"; "nearest-exact" by its middle), a mix of the 2 neighbours per axis ("linear",
 * "bilinear", "trilinear"), of 4 ("bicubic"; Keys 1981 with a = -0.75), or the mean of what it
 * covers ("area").
 * @param x [N, C, …1 to 3 spatial axes]
 * @throws ShapeError, ValueError for an input or options that do not fit the mode
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const mode = checkMode(x, options);
  const factors = factorsOf(x, options);
  const sizes = newSizes(x, factors, options.size);
  const rank = x.rank - 2;
  if (mode === null) {
    return averagedOver(x, adaptiveAxes("interpolate", x, rank, sizes), "window");
  }
  const exact = options.recomputeScaleFactor === true ? null : factors;
  const alignCorners = options.alignCorners === true;
  const axes = sizes.map((out, d) =>
    axisOf(mode, alignCorners, x.shape[2 + d]!, out, exact?.[d] ?? null),
  );
  const point = { size: 1, out: 1, scale: 1 };
  const attrs = { axes: [point, point, ...axes].slice(-3), mode, alignCorners };
  if (axes.every(isKept)) return x;
  if (mode.startsWith("nearest") && repeats(axes, attrs)) return repeated(x, axes);
  const rows = sizeOf(x.shape.slice(0, 2));
  const out = resampleRows(reshape(x, [rows, ...attrs.axes.map((a) => a.size)]), attrs);
  return reshape(out, [...x.shape.slice(0, 2), ...sizes]);
}

/** Another name of `interpolate`, as in PyTorch. */
export const upsample = interpolate;
