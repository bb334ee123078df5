import * as ops from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Dice } from "./dice.ts";

function reshape(t: Tensor, dice: Dice): Tensor {
  const shape: number[] = [];
  let rest = t.size;
  while (rest > 1 && shape.length < 4) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((n) => rest % n === 0);
    const n = dice.pick(divisors);
    shape.push(n);
    rest /= n;
  }
  return ops.reshape(t, t.size === 0 ? [0] : rest > 1 ? [...shape, rest] : shape);
}

function permute(t: Tensor, dice: Dice): Tensor {
  return ops.permute(t, dice.shuffled(t.rank));
}

function expand(t: Tensor, dice: Dice): Tensor {
  const at = dice.below(t.rank + 1);
  const wide = ops.unsqueeze(t, at);
  const n = dice.pick([2, 3, 4]);
  return ops.expand(
    wide,
    wide.shape.map((m, d) => (d === at ? n : m)),
  );
}

function slice(t: Tensor, dice: Dice): Tensor {
  const steps = t.shape.map(() => dice.pick([1, 1, 2, 3, -1, -2]));
  const starts = t.shape.map((n, d) => {
    const start = dice.below(Math.ceil(n / 2));
    return steps[d] > 0 ? start : n - 1 - start;
  });
  return ops.slice(
    t,
    starts,
    t.shape.map(() => null),
    steps,
  );
}

function pad(t: Tensor, dice: Dice): Tensor {
  const some = () => t.shape.map(() => dice.pick([0, 0, 1, 2]));
  return ops.zeroPad(t, some(), some());
}

const flip = (t: Tensor): Tensor => ops.flip(t);

/** The same elements at other places: some view of the tensor that the dice choose. */
export const randomView = (t: Tensor, dice: Dice): Tensor =>
  dice.pick([reshape, flip, permute, expand, slice, pad])(t, dice);
