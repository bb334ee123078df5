import { checkBetween, checkCount, defineSchedule } from "./scheduler.ts";

/** lr = base · (startFactor + (endFactor - startFactor) min(step / totalIters, 1)). */
export const LinearLR = defineSchedule(
  "LinearLR",
  ({
    startFactor = 1 / 3,
    endFactor = 1,
    totalIters = 5,
  }: {
    readonly startFactor?: number;
    readonly endFactor?: number;
    readonly totalIters?: number;
  }) => {
    checkBetween("LinearLR", "startFactor", startFactor, Number.MIN_VALUE, 1);
    checkBetween("LinearLR", "endFactor", endFactor, 0, 1);
    checkCount("LinearLR", "totalIters", totalIters);
    return (step, { lr }) => {
      const share = Math.min(step / totalIters, 1);
      return { lr: lr * (startFactor + (endFactor - startFactor) * share) };
    };
  },
);

/** lr = base · γ^step. */
export const ExponentialLR = defineSchedule(
  "ExponentialLR",
  ({ gamma }: { readonly gamma: number }) => {
    checkBetween("ExponentialLR", "gamma", gamma, 0);
    return (step, { lr }) => ({ lr: lr * gamma ** step });
  },
);

/** lr = base · (1 - min(step / totalIters, 1))^power. */
export const PolynomialLR = defineSchedule(
  "PolynomialLR",
  ({ totalIters = 5, power = 1 }: { readonly totalIters?: number; readonly power?: number }) => {
    checkCount("PolynomialLR", "totalIters", totalIters);
    checkBetween("PolynomialLR", "power", power, 0);
    return (step, { lr }) => ({ lr: lr * (1 - Math.min(step / totalIters, 1)) ** power });
  },
);

/** Exponential annealing: lr = base · e^(-rate · step). */
export const ExponentialAnnealingLR = defineSchedule(
  "ExponentialAnnealingLR",
  ({ rate }: { readonly rate: number }) => {
    checkBetween("ExponentialAnnealingLR", "rate", rate, 0);
    return (step, { lr }) => ({ lr: lr * Math.exp(-rate * step) });
  },
);

/** Inverse-time annealing (Robbins & Monro 1951): lr = base / (1 + rate · step). */
export const InverseTimeLR = defineSchedule(
  "InverseTimeLR",
  ({ rate }: { readonly rate: number }) => {
    checkBetween("InverseTimeLR", "rate", rate, 0);
    return (step, { lr }) => ({ lr: lr / (1 + rate * step) });
  },
);
