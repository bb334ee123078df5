import { expect, it } from "vitest";
import type { ViewStep } from "../../src/core/ir.ts";
import { type Shape, sizeOf, stridesOf } from "../../src/core/shape.ts";
import { applyStep, contiguous, type Layout } from "../../src/tensor/view.ts";
import { type Draft, evaluate, range, source, view } from "./programs.ts";

/**
 * Random chains of views: the planner's index algebra, which composes steps, against the
 * interpreter, which copies at each one.
 */

let state = 12345;
const below = (n: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

function unravel(linear: number, shape: Shape): number[] {
  return stridesOf(shape).map((s, d) => Math.floor(linear / s) % shape[d]!);
}

/** The element of 1, 2, 3, … that a layout shows at an index; 0 outside its mask. */
function valueAt(layout: Layout, index: readonly number[]): number {
  const isOutside = layout.mask?.some(([lo, hi], d) => index[d]! < lo || index[d]! >= hi);
  if (isOutside) return 0;
  const address = index.reduce((sum, i, d) => sum + i * layout.strides[d]!, layout.offset);
  if (layout.under === null) return address + 1;
  return valueAt(layout.under, unravel(address, layout.under.shape));
}

const factors = (size: number): number[] => {
  const a = [1, 2, 3, 4].filter((n) => size % n === 0);
  const first = a[below(a.length)]!;
  const b = [1, 2, 3, 5].filter((n) => (size / first) % n === 0);
  const second = b[below(b.length)]!;
  return [first, second, size / first / second];
};

function randomStep(shape: Shape): ViewStep {
  const axes = shape.map((_, d) => d);
  switch (below(6)) {
    case 0:
      return { type: "reshape", shape: factors(sizeOf(shape)) };
    case 1: {
      const order = axes.map((d) => [below(1000), d]).sort((a, b) => a[0]! - b[0]!);
      const to = order.map(([, d]) => d!);
      return { type: "permute", shape: to.map((d) => shape[d]!), order: to };
    }
    case 2:
      return {
        type: "expand",
        shape: [1 + below(2), ...shape.map((n) => (n === 1 ? 1 + below(3) : n))],
      };
    case 3: {
      const starts = shape.map((n) => below(n));
      const steps = shape.map(() => 1 + below(2));
      const sizes = shape.map((n, d) => 1 + below(Math.ceil((n - starts[d]!) / steps[d]!)));
      return { type: "slice", shape: sizes, starts, steps };
    }
    case 4:
      return { type: "flip", shape, axes: axes.filter(() => below(2) === 0) };
    default: {
      const before = shape.map(() => below(2));
      return { type: "pad", shape: shape.map((n, d) => n + before[d]! + below(2)), before };
    }
  }
}

it("agree on 400 chains", async () => {
  for (let chain = 0; chain < 400; chain++) {
    const start = [[6], [2, 3], [4, 1, 3], [2, 2, 2, 3]][below(4)]!;
    const drafts: Draft[] = [source(start)];
    let layout = contiguous(start);
    const steps: ViewStep[] = [];
    for (
      let i = 0;
      i < 1 + below(6) && sizeOf(layout.shape) < 500 && layout.shape.length < 7;
      i++
    ) {
      const step = randomStep(layout.shape);
      steps.push(step);
      drafts.push(view(step, drafts.length - 1));
      layout = applyStep(layout, step);
    }
    const [out] = await evaluate(
      drafts,
      [drafts.length - 1],
      [range(sizeOf(start)).map((x) => x + 1)],
    );
    const expected = range(sizeOf(layout.shape)).map((i) =>
      valueAt(layout, unravel(i, layout.shape)),
    );
    expect([...out!], `${start}: ${JSON.stringify(steps)}`).toEqual(expected);
  }
});
