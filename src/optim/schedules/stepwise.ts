import { ValueError } from "../../core/errors.ts";
import { checkBetween, checkCount, defineSchedule } from "./scheduler.ts";

/** A factor as a function of the step, from 0 on. */
export type Factor = (step: number) => number;

/** @throws ValueError when a function gives no number */
function factorAt(name: string, factor: Factor, step: number): number {
  const value = factor(step);
  if (Number.isFinite(value)) return value;
  throw new ValueError(`${name}: the function gives ${value} for step ${step}. Return a number.`);
}

/** lr = base · factor(step). */
export const LambdaLR = defineSchedule("LambdaLR", ({ lambda }: { readonly lambda: Factor }) => {
  return (step, { lr }) => ({ lr: lr * factorAt("LambdaLR", lambda, step) });
});

/** lr = base · factor(1) · factor(2) · … · factor(step). */
export const MultiplicativeLR = defineSchedule(
  "MultiplicativeLR",
  ({ lambda }: { readonly lambda: Factor }) => {
    const products = [1];
    return (step, { lr }) => {
      for (let k = products.length; k <= step; k++) {
        products.push(products[k - 1] * factorAt("MultiplicativeLR", lambda, k));
      }
      return { lr: lr * products[step] };
    };
  },
);

/** lr = base · γ^⌊step / stepSize⌋. */
export const StepLR = defineSchedule(
  "StepLR",
  ({ stepSize, gamma = 0.1 }: { readonly stepSize: number; readonly gamma?: number }) => {
    checkCount("StepLR", "stepSize", stepSize);
    checkBetween("StepLR", "gamma", gamma, 0);
    return (step, { lr }) => ({ lr: lr * gamma ** Math.floor(step / stepSize) });
  },
);

/** lr = base · γ^(number of milestones reached). */
export const MultiStepLR = defineSchedule(
  "MultiStepLR",
  ({
    milestones,
    gamma = 0.1,
  }: {
    readonly milestones: readonly number[];
    readonly gamma?: number;
  }) => {
    for (const at of milestones) checkCount("MultiStepLR", "each milestone", at, 0);
    checkBetween("MultiStepLR", "gamma", gamma, 0);
    return (step, { lr }) => ({ lr: lr * gamma ** milestones.filter((at) => at <= step).length });
  },
);

/** lr = base · `factor` for the first `totalIters` steps, then base. */
export const ConstantLR = defineSchedule(
  "ConstantLR",
  ({
    factor = 1 / 3,
    totalIters = 5,
  }: {
    readonly factor?: number;
    readonly totalIters?: number;
  }) => {
    checkBetween("ConstantLR", "factor", factor, 0, 1);
    checkCount("ConstantLR", "totalIters", totalIters, 0);
    return (step, { lr }) => ({ lr: step < totalIters ? lr * factor : lr });
  },
);
