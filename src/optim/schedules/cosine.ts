import { checkBetween, checkCount, defineSchedule } from "./scheduler.ts";

/** From 1 at 0 to 0 at 1, along half a cosine. */
export const halfCosine = (share: number): number => (1 + Math.cos(Math.PI * share)) / 2;

/**
 * Cosine annealing (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5):
 * lr = etaMin + (base - etaMin) (1 + cos(π step / tMax)) / 2; it rises again after `tMax` steps.
 */
export const CosineAnnealingLR = defineSchedule(
  "CosineAnnealingLR",
  ({ tMax, etaMin = 0 }: { readonly tMax: number; readonly etaMin?: number }) => {
    checkCount("CosineAnnealingLR", "tMax", tMax);
    checkBetween("CosineAnnealingLR", "etaMin", etaMin, 0);
    return (step, { lr }) => ({ lr: etaMin + (lr - etaMin) * halfCosine(step / tMax) });
  },
);

/**
 * Cosine annealing with warm restarts (SGDR, the same paper): cycles of t0, t0 · tMult, t0 · tMult², …
 * steps, each from base to etaMin.
 */
export const CosineAnnealingWarmRestarts = defineSchedule(
  "CosineAnnealingWarmRestarts",
  ({
    t0,
    tMult = 1,
    etaMin = 0,
  }: {
    readonly t0: number;
    readonly tMult?: number;
    readonly etaMin?: number;
  }) => {
    checkCount("CosineAnnealingWarmRestarts", "t0", t0);
    checkCount("CosineAnnealingWarmRestarts", "tMult", tMult);
    checkBetween("CosineAnnealingWarmRestarts", "etaMin", etaMin, 0);
    return (step, { lr }) => {
      const { at, length } = cycleOf(step, t0, tMult);
      return { lr: etaMin + (lr - etaMin) * halfCosine(at / length) };
    };
  },
);

/** How far a step is in its cycle, and how long the cycle is. */
function cycleOf(step: number, first: number, growth: number): { at: number; length: number } {
  if (growth === 1) return { at: step % first, length: first };
  let at = step;
  let length = first;
  while (at >= length) {
    at -= length;
    length *= growth;
  }
  return { at, length };
}
