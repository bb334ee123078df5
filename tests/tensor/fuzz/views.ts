import * as ops from "../../../src/ops/index.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Draw, type Draws, hasAxis, type Value } from "./draw.ts";
import type { Choices } from "./graphData.ts";

/** The same elements, or some of them, at other places: as exact as they were. */
const view = (f: (t: Tensor, choices: Choices) => Tensor, takes = (_: Value) => true): Draw => ({
  takes,
  make: ({ t, exact }, choices) => [{ t: f(t, choices), exact }],
});

function reshaped(t: Tensor, choices: Choices): Tensor {
  const shape: number[] = [];
  let rest = t.size;
  while (rest > 1 && shape.length < 4) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((n) => rest % n === 0);
    const n = choices.pick(divisors.reverse());
    shape.push(n);
    rest /= n;
  }
  return ops.reshape(t, t.size === 0 ? [0] : rest > 1 ? [...shape, rest] : shape);
}

function expanded(t: Tensor, choices: Choices): Tensor {
  const at = choices.below(t.rank + 1);
  const n = choices.pick([2, 3, 4]);
  const wide = ops.unsqueeze(t, at);
  return ops.expand(wide, wide.shape.with(at, n));
}

function sliced(t: Tensor, choices: Choices): Tensor {
  const steps = t.shape.map(() => choices.pick([1, 2, -1, 3, -2]));
  const starts = t.shape.map((n, d) => {
    const start = choices.below(Math.ceil(n / 2));
    return steps[d]! > 0 ? start : n - 1 - start;
  });
  return ops.slice(t, starts, new Array<null>(t.rank).fill(null), steps);
}

function padded(t: Tensor, choices: Choices): Tensor {
  const some = () => t.shape.map(() => choices.pick([0, 1, 0, 2]));
  return ops.zeroPad(t, some(), some());
}

function narrowed(t: Tensor, choices: Choices): Tensor {
  const axis = choices.below(t.rank);
  const n = t.shape[axis]!;
  const start = choices.below(n);
  return ops.narrow(t, axis, start, 1 + choices.below(n - start));
}

function windows(t: Tensor, choices: Choices): Tensor {
  const axis = choices.below(t.rank);
  const size = 1 + choices.below(Math.min(t.shape[axis]!, 3));
  return ops.unfoldAxis(t, axis, size, 1 + choices.below(2));
}

function selected(t: Tensor, choices: Choices): Tensor {
  const axis = choices.below(t.rank);
  return ops.select(t, axis, choices.below(t.shape[axis]!));
}

export const views: Draws = {
  reshape: view(reshaped),
  permute: view((t, choices) => ops.permute(t, choices.shuffled(t.rank))),
  expand: view(expanded),
  slice: view(sliced),
  flip: view((t, choices) => (t.rank === 0 ? t : ops.flip(t, choices.below(t.rank))), hasAxis),
  flipAll: view((t) => ops.flip(t)),
  pad: view(padded),
  narrow: view(narrowed, hasAxis),
  windows: view(windows, hasAxis),
  select: view(selected, hasAxis),
  diagonal: view(
    (t, choices) => ops.diagonal(t, { offset: choices.pick([0, 1, -1]) }),
    ({ t }) => t.rank >= 2,
  ),
  roll: view((t, choices) => ops.roll(t, 1 + choices.below(3), choices.below(t.rank)), hasAxis),
  triangle: view(
    (t, choices) => ops.tril(t, choices.below(3) - 1),
    ({ t }) => t.rank >= 2,
  ),
};

function cat(x: Value, others: readonly Value[], axis: number): Value {
  const parts = [x, ...others];
  const t = ops.cat(
    parts.map((v) => v.t),
    axis,
  );
  return { t, exact: parts.every((v) => v.exact) };
}

/** The parts of a value, each one of its own. */
const parts = (f: (t: Tensor, axis: number, choices: Choices) => Tensor[]): Draw => ({
  takes: hasAxis,
  make: ({ t, exact }, choices) =>
    f(t, choices.below(t.rank), choices)
      .slice(0, 4)
      .map((part) => ({ t: part, exact })),
});

export const joins: Draws = {
  cat: {
    takes: ({ t }) => t.rank > 0,
    make: (x, choices, scope) => {
      const axis = choices.below(x.t.rank);
      const fits = ({ t }: Value) =>
        t.dtype === x.t.dtype &&
        t.rank === x.t.rank &&
        t.shape.every((n, d) => d === axis || n === x.t.shape[d]);
      const others = [scope.other(fits, choices)!, scope.other(fits, choices)!];
      return [cat(x, others.slice(choices.below(2)), axis)];
    },
  },
  stack: {
    takes: () => true,
    make: (x, choices, scope) => {
      const fits = ({ t }: Value) => t.dtype === x.t.dtype && t.shape.join() === x.t.shape.join();
      const y = scope.other(fits, choices)!;
      const t = ops.stack([x.t, y.t], choices.below(x.t.rank + 1));
      return [{ t, exact: x.exact && y.exact }];
    },
  },
  repeat: view((t, choices) => {
    const axis = choices.below(t.rank);
    return ops.tile(
      t,
      t.shape.map((_, d) => (d === axis ? 2 : 1)),
    );
  }, hasAxis),
  split: parts((t, axis, choices) => ops.split(t, 1 + choices.below(t.shape[axis]!), axis)),
  unbind: parts((t, axis) => ops.unbind(t, axis)),
};
