import { add, mul, neg, sub } from "../../ops/elementwise/arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What several rules do with a gradient or an average, each in one line. */

/** The gradient to descend along: its opposite where the objective is to grow. */
export const ascended = (g: Tensor, maximize: boolean): Tensor => (maximize ? neg(g) : g);

/** g + λ p: weight decay as a part of the gradient (L2). */
export const decayed = (g: Tensor, p: Tensor, decay: Tensor, decays: boolean): Tensor =>
  decays ? add(g, mul(decay, p)) : g;

/** β average + (1 - β) value; `rest` is 1 - β, which loses digits in float32. */
export const averaged = (average: Tensor, value: Tensor, beta: Tensor, rest: Tensor): Tensor =>
  add(mul(beta, average), mul(rest, value));

/** What decoupled weight decay leaves of a parameter: p - lr λ p. */
export const shrunk = (p: Tensor, rate: Tensor): Tensor => sub(p, mul(rate, p));
