import type { TypedArray } from "../core/dtype.ts";
import type { ViewStep } from "../core/ir.ts";
import { type Shape, sizeOf, stridesOf } from "../core/shape.ts";
import { copyAlong, planWalk, repeatStrides } from "./walk.ts";

/** From an input's elements to a result's; it may return the very array that it was given. */
export type Evaluate = (...inputs: TypedArray[]) => TypedArray;

/**
 * One step of index algebra, evaluated by itself: the result is a fresh row-major array. Steps
 * are never composed here, so that the planner's composition of them has something to be tested
 * against.
 */
export function prepareView(step: ViewStep, from: Shape, create: () => TypedArray): Evaluate {
  if (step.type === "reshape") return (data) => data!;
  if (step.type === "expand" && sizeOf(step.shape) === sizeOf(from)) return (data) => data!;
  const { extent, to, toStart, strides, start } = addresses(step, from);
  const walk = planWalk(extent, [to, strides]);
  return (data) => {
    const out = create();
    copyAlong(walk, out, toStart, data!, start);
    return out;
  };
}

/** What is copied: `extent` elements, from where in the input, to where in the result. */
interface Addresses {
  readonly extent: Shape;
  readonly to: readonly number[];
  readonly toStart: number;
  readonly strides: readonly number[];
  readonly start: number;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function addresses(step: Exclude<ViewStep, { type: "reshape" }>, from: Shape): Addresses {
  const own = stridesOf(from);
  const to = stridesOf(step.shape);
  const all = { extent: step.shape, to, toStart: 0, start: 0 };
  switch (step.type) {
    case "permute":
      return { ...all, strides: step.order.map((d) => own[d]!) };
    case "expand":
      return { ...all, strides: repeatStrides(from, step.shape) };
    case "slice":
      return {
        ...all,
        strides: own.map((s, d) => s * step.steps[d]!),
        start: dot(step.starts, own),
      };
    case "flip":
      return {
        ...all,
        strides: own.map((s, d) => (step.axes.includes(d) ? -s : s)),
        start: step.axes.reduce((sum, d) => sum + (from[d]! - 1) * own[d]!, 0),
      };
    case "pad":
      // Only the input's elements are copied; the rest of the result stays zero.
      return { extent: from, to, toStart: dot(step.before, to), strides: own, start: 0 };
  }
}
