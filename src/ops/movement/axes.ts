import { ShapeError } from "../../core/errors.ts";
import { broadcast, normalizeAxis, type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { flatten, unsqueeze } from "./join.ts";
import { expand, permute, reshape, transpose } from "./movement.ts";

/** Axes renamed, split and added: all views. */

/** Swaps two axes. @throws ShapeError when one is out of range */
export const swapaxes = (x: Tensor, a: number, b: number): Tensor => transpose(x, a, b);

const listOf = (axes: number | readonly number[]): readonly number[] =>
  typeof axes === "number" ? [axes] : axes;

/**
 * Moves axes from the places `from` to the places `to`; the others keep their order.
 * @throws ShapeError unless both name equally many axes, each once
 */
export function movedim(
  x: Tensor,
  from: number | readonly number[],
  to: number | readonly number[],
): Tensor {
  // A scalar counts as one element along axis 0, as in PyTorch.
  const rank = Math.max(x.rank, 1);
  const [sources, targets] = [from, to].map((axes) =>
    listOf(axes).map((d) => normalizeAxis("movedim", d, rank)),
  ) as [number[], number[]];
  const once = (list: readonly number[]) => new Set(list).size === list.length;
  if (sources.length !== targets.length || !once(sources) || !once(targets)) {
    throw new ShapeError(
      `movedim: both lists must name equally many axes, each once; got ${show(listOf(from))} and ` +
        `${show(listOf(to))}. Name each axis and its new place.`,
    );
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !sources.includes(d));
  let next = 0;
  const order = x.shape.map((_, d) => {
    const i = targets.indexOf(d);
    return i >= 0 ? sources[i]! : rest[next++]!;
  });
  return permute(x, order);
}

/** All elements in one axis. @throws nothing: every shape fits */
export const ravel = (x: Tensor): Tensor => flatten(x);

/**
 * One axis as several of the given sizes, one of which may be -1: undoes `flatten`.
 * @throws ShapeError when the sizes do not multiply to the axis
 */
export function unflatten(x: Tensor, axis: number, sizes: Shape): Tensor {
  const at = normalizeAxis("unflatten", axis, x.rank);
  const n = x.shape[at]!;
  const known = sizes.reduce((a, m) => (m === -1 ? a : a * m), 1);
  const open = sizes.filter((m) => m === -1).length;
  const full = sizes.map((m) => (m === -1 ? n / known : m));
  const fits = full.reduce((a, m) => a * m, 1) === n && full.every((m) => Number.isInteger(m));
  if (sizes.length === 0 || open > 1 || !fits || full.some((m) => m < 0)) {
    throw new ShapeError(
      `unflatten: the sizes do not multiply to axis ${at}; got ${show(sizes)} for ` +
        `${show(x.shape)}. Make their product ${n}; one of them may be -1.`,
    );
  }
  return reshape(x, [...x.shape.slice(0, at), ...full, ...x.shape.slice(at + 1)]);
}

/** As a vector at least: a scalar becomes [1]. @throws nothing: every shape fits */
export const atleast1d = (x: Tensor): Tensor => (x.rank >= 1 ? x : reshape(x, [1]));

/** As a matrix at least: [n] becomes [1, n]. @throws nothing: every shape fits */
export const atleast2d = (x: Tensor): Tensor => (x.rank >= 2 ? x : unsqueeze(atleast1d(x), 0));

/**
 * With three axes at least: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].
 * @throws nothing: every shape fits
 */
export const atleast3d = (x: Tensor): Tensor => (x.rank >= 3 ? x : unsqueeze(atleast2d(x), -1));

/** Each tensor expanded to the shape that all broadcast to. @throws ShapeError if they do not */
export function broadcastTensors(...tensors: readonly Tensor[]): Tensor[] {
  if (tensors.length === 0) return [];
  const shape = broadcast(
    "broadcastTensors",
    tensors.map((t) => t.shape),
  );
  return tensors.map((t) => expand(t, shape));
}

/**
 * x expanded to the shape of another tensor.
 * @throws ShapeError when a size other than 1 differs
 */
export const expandAs = (x: Tensor, other: Tensor): Tensor => expand(x, other.shape);

/** x in the shape of another tensor. @throws ShapeError when the numbers of elements differ */
export const reshapeAs = (x: Tensor, other: Tensor): Tensor => reshape(x, other.shape);

/** PyTorch's other name of `reshapeAs`: here all reshapes are views. */
export const viewAs = reshapeAs;
