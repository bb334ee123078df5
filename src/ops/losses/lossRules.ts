import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { mean, sum } from "../reduce/reduce.ts";

/** What the losses share: how they are reduced and weighted, and their checks. */

/** How the losses of single rows or elements become the result. */
export type LossReduction = "mean" | "sum" | "none";

export interface LossOptions {
  readonly reduction?: LossReduction;
}

/** Applies a reduction. @throws ValueError for an unknown one */
export function reduceLoss(op: string, losses: Tensor, reduction: LossReduction = "mean"): Tensor {
  if (reduction === "mean") return mean(losses);
  if (reduction === "sum") return sum(losses);
  if (reduction === "none") return losses;
  throw new ValueError(
    `${op}: unknown reduction; got "${String(reduction)}". Use mean, sum, none.`,
  );
}

/** @throws ShapeError when prediction and target differ in shape */
export function checkAlike(op: string, x: Tensor, target: Tensor): void {
  if (target instanceof Tensor && sameShape(x.shape, target.shape)) return;
  throw new ShapeError(
    `${op}: prediction and target differ in shape; got ${show(x.shape)} and ` +
      `${show(target?.shape ?? [])}. Reshape one of them: broadcasting here hides mistakes.`,
  );
}

/** @throws ShapeError unless a tensor has this shape */
export function checkSize(op: string, name: string, x: Tensor, shape: Shape): void {
  if (x instanceof Tensor && sameShape(x.shape, shape)) return;
  throw new ShapeError(
    `${op}: the ${name} does not fit; got ${show(x?.shape ?? [])}. Give it the shape ` +
      `${show(shape)}.`,
  );
}

/** @throws ValueError unless an option is above 0, or at least 0 */
export function checkPositive(op: string, name: string, value: number, least: string): void {
  if (value > 0 || (least === "at least" && value === 0)) return;
  throw new ValueError(`${op}: ${name} is not ${least} 0; got ${value}. Use a number such as 1.`);
}

/** Losses times weights that broadcast to them, and no further. @throws ShapeError */
export function weighed(op: string, losses: Tensor, weight: Tensor | null | undefined): Tensor {
  if (weight === null || weight === undefined) return losses;
  const lead = losses.rank - weight.rank;
  if (lead >= 0 && weight.shape.every((n, d) => n === 1 || n === losses.shape[lead + d])) {
    return mul(losses, weight);
  }
  throw new ShapeError(
    `${op}: the weight does not fit the losses; got ${show(weight.shape)} for ` +
      `${show(losses.shape)}. Make its sizes equal from the right, or 1.`,
  );
}
