import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, square, sub } from "../elementwise/arithmetic.ts";
import { sigmoid } from "../elementwise/elementwise.ts";
import { sum } from "../reduce/reduce.ts";
import { checkAlike, checkPositive, type LossOptions, reduceLoss } from "./lossRules.ts";

export interface DiceOptions extends LossOptions {
  /** Whether x are logits, of which the sigmoid is taken; the default is false. */
  readonly logits?: boolean;
  /** Added to numerator and denominator, so that empty masks that agree cost 0; 1 unless given. */
  readonly smooth?: number;
  /** Whether the denominator sums squares, as in the paper (the default), or the values. */
  readonly squared?: boolean;
  /** The axes of one mask; all but the first unless given. */
  readonly axis?: number | readonly number[];
}

/**
 * 1 - (2 Σ p·t + smooth) / (Σ p² + Σ t² + smooth) of each mask: one minus the Dice coefficient of
 * a mask of probabilities and its target.
 * @param x probabilities, or logits with `logits: true`: [N, …], one mask for each n unless `axis`
 * says otherwise; a mask of its own where there is one axis
 * @param target 0 or 1, in the shape of x  @returns [], or one loss for each mask ("none")
 * @throws ShapeError when the shapes differ; ValueError for a negative `smooth`
 * Source: Milletari, Navab & Ahmadi 2016, "V-Net", arXiv:1606.04797, section 3.
 */
export function diceLoss(x: Tensor, target: Tensor, options: DiceOptions = {}): Tensor {
  const { logits = false, smooth = 1, squared = true, reduction } = options;
  checkAlike("diceLoss", x, target);
  checkPositive("diceLoss", "smooth", smooth, "at least");
  const axis = options.axis ?? x.shape.map((_, d) => d).slice(x.rank > 1 ? 1 : 0);
  const p = logits ? sigmoid(x) : x;
  const size = (t: Tensor) => sum(squared ? square(t) : t, axis);
  const shared = add(mul(sum(mul(p, target), axis), 2), smooth);
  const both = add(add(size(p), size(target)), smooth);
  return reduceLoss("diceLoss", sub(1, div(shared, both)), reduction);
}
