import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { where } from "../elementwise/compare.ts";
import { constantLike } from "../rules.ts";
import { cat } from "./join.ts";
import { expand, flip } from "./movement.ts";
import { narrow } from "./slice.ts";
import { cut, zeroPad } from "./window.ts";

export type PadMode = "constant" | "reflect" | "replicate" | "circular";

export interface PadOptions {
  readonly mode?: PadMode;
  /** What stands in the padding, for mode "constant". */
  readonly value?: number;
}

const modes: readonly string[] = ["constant", "reflect", "replicate", "circular"];

/**
 * torch.nn.functional.pad: elements put around x. `padding` names pairs (before, after), the last
 * axis first: [left, right, top, bottom, …]; negative ones cut elements off. Modes: "constant"
 * puts `value` there, "replicate" the edge, "reflect" what lies on the other side of it (without
 * the edge), "circular" what lies at the other end. Here every mode takes any number of axes.
 * @throws ShapeError for an odd number of paddings, more than x has axes, or one that reaches
 * further than the mode can see; ValueError for an unknown mode
 */
export function pad(
  x: Tensor,
  padding: readonly number[],
  { mode = "constant", value = 0 }: PadOptions = {},
): Tensor {
  if (!modes.includes(mode)) {
    throw new ValueError(`pad: unknown mode "${mode}". Use one of ${modes.join(", ")}.`);
  }
  const sides = sidesOf(x, padding);
  const inner = shrunk(x, sides);
  const [before, after] = [0, 1].map((side) => sides.map((s) => Math.max(s[side]!, 0)));
  if (mode === "constant") return filled(inner, before!, after!, value);
  return sides.reduce((t, [l, r], axis) => {
    const [left, right] = [Math.max(l, 0), Math.max(r, 0)];
    if (left + right === 0) return t;
    checkReach(mode, t, axis, left, right);
    return cat(joined(mode, t, axis, left, right), axis);
  }, inner);
}

type Sides = readonly (readonly [number, number])[];

function sidesOf(x: Tensor, padding: readonly number[]): Sides {
  if (padding.length % 2 !== 0 || padding.length > 2 * x.rank || !padding.every(Number.isInteger)) {
    throw new ShapeError(
      `pad: paddings are pairs of whole numbers, one pair for each axis at most; got ` +
        `${show(padding)} for ${show(x.shape)}. Give [left, right] or [left, right, top, bottom].`,
    );
  }
  return x.shape.map((_, d) => {
    const at = 2 * (x.rank - 1 - d);
    return [padding[at] ?? 0, padding[at + 1] ?? 0] as const;
  });
}

/** Without what negative paddings cut off. */
function shrunk(x: Tensor, sides: Sides): Tensor {
  const sizes = x.shape.map((n, d) => n + Math.min(sides[d]![0], 0) + Math.min(sides[d]![1], 0));
  if (sizes.some((n) => n < 0)) {
    throw new ShapeError(
      `pad: negative paddings cut off more than there is; got ${show(x.shape)} to ${show(sizes)}. ` +
        "Cut less.",
    );
  }
  const starts = sides.map(([l]) => Math.max(-l, 0));
  return cut(
    x,
    starts,
    sizes,
    sizes.map(() => 1),
  );
}

function filled(x: Tensor, before: Shape, after: Shape, value: number): Tensor {
  const padded = zeroPad(x, before, after);
  if (value === 0 || padded === x) return padded;
  const inside = expand(constantLike(1, x, "bool"), x.shape);
  return where(zeroPad(inside, before, after), padded, value);
}

function checkReach(mode: PadMode, x: Tensor, axis: number, left: number, right: number): void {
  const n = x.shape[axis]!;
  const most = mode === "reflect" ? n - 1 : mode === "circular" ? n : n > 0 ? Infinity : 0;
  if (Math.max(left, right) <= most) return;
  throw new ShapeError(
    `pad: mode "${mode}" reaches at most ${Math.max(most, 0)} elements beyond axis ${axis}; got ` +
      `paddings ${left} and ${right} for ${show(x.shape)}. Pad less, or use mode "constant".`,
  );
}

/** The padding before, x, and the padding after. */
function joined(mode: PadMode, x: Tensor, axis: number, left: number, right: number): Tensor[] {
  const n = x.shape[axis]!;
  const part = (start: number, length: number) => narrow(x, axis, start, length);
  const edge = (place: number, size: number) => {
    return expand(part(place, 1), x.shape.with(axis, size));
  };
  const parts = {
    replicate: () => [left > 0 && edge(0, left), x, right > 0 && edge(n - 1, right)],
    circular: () => [left > 0 && part(n - left, left), x, right > 0 && part(0, right)],
    reflect: () => [
      left > 0 && flip(part(1, left), axis),
      x,
      right > 0 && flip(part(n - 1 - right, right), axis),
    ],
    constant: () => [x],
  };
  return parts[mode]().filter((t) => t !== false);
}
