import { ValueError } from "../../core/errors.ts";
import { halfCosine } from "./cosine.ts";
import { checkBetween, checkCount, defineSchedule, type Schedule } from "./scheduler.ts";

export interface WarmupStableDecayOptions {
  readonly warmup: number;
  readonly stable: number;
  readonly decay: number;
  /** The last rate as a share of base. */
  readonly minFactor?: number;
  /** "sqrt": 1 - √share, which the paper found best. */
  readonly shape?: "linear" | "cosine" | "sqrt";
}

/**
 * Warm up, stay, decay (Hu et al. 2024, arXiv:2404.06395; Hägele et al. 2024, arXiv:2405.18392):
 * up to base in `warmup` steps along a line, `stable` steps at base, down in `decay` steps.
 */
export const WarmupStableDecayLR = defineSchedule(
  "WarmupStableDecayLR",
  (options: WarmupStableDecayOptions): Schedule => {
    const { warmup, stable, decay, minFactor = 0, shape = "linear" } = options;
    for (const [option, value] of Object.entries({ warmup, stable, decay })) {
      checkCount("WarmupStableDecayLR", option, value, 0);
    }
    checkBetween("WarmupStableDecayLR", "minFactor", minFactor, 0, 1);
    const left = {
      linear: (x: number) => 1 - x,
      cosine: halfCosine,
      sqrt: (x: number) => 1 - Math.sqrt(x),
    };
    if (!(shape in left)) {
      throw new ValueError(
        `WarmupStableDecayLR: unknown shape "${shape}". Use "linear", "cosine" or "sqrt".`,
      );
    }
    const schedule: Schedule = (step, { lr }) => {
      if (step < warmup) return { lr: (lr * (step + 1)) / warmup };
      if (step < warmup + stable) return { lr };
      const share = (step - warmup - stable + 1) / decay;
      return { lr: lr * (minFactor + (1 - minFactor) * left[shape](share)) };
    };
    return Object.assign(schedule, { steps: warmup + stable + decay });
  },
);

/**
 * Inverse square root with warmup, "Noam" (Vaswani et al. 2017, arXiv:1706.03762, section 5.3): with
 * t = step + 1, lr = base · modelSize^(-1/2) · min(t^(-1/2), t · warmup^(-3/2)). Without `modelSize`
 * the largest rate, at t = warmup, is base.
 */
export const InverseSqrtLR = defineSchedule(
  "InverseSqrtLR",
  ({ warmup, modelSize }: { readonly warmup: number; readonly modelSize?: number }) => {
    checkCount("InverseSqrtLR", "warmup", warmup);
    if (modelSize !== undefined) checkCount("InverseSqrtLR", "modelSize", modelSize);
    const scale = modelSize === undefined ? Math.sqrt(warmup) : 1 / Math.sqrt(modelSize);
    return (step, { lr }) => {
      const t = step + 1;
      return { lr: lr * scale * Math.min(1 / Math.sqrt(t), t / warmup ** 1.5) };
    };
  },
);

/**
 * Slanted triangle (Howard & Ruder 2018, arXiv:1801.06146, eq. 3): base is the largest rate, reached
 * after `cutFraction` of `totalSteps`; the smallest is base / `ratio`.
 */
export const SlantedTriangularLR = defineSchedule(
  "SlantedTriangularLR",
  ({
    totalSteps,
    cutFraction = 0.1,
    ratio = 32,
  }: {
    readonly totalSteps: number;
    readonly cutFraction?: number;
    readonly ratio?: number;
  }): Schedule => {
    checkCount("SlantedTriangularLR", "totalSteps", totalSteps);
    checkBetween("SlantedTriangularLR", "cutFraction", cutFraction, 0, 1);
    checkBetween("SlantedTriangularLR", "ratio", ratio, 1);
    const cut = Math.max(1, Math.floor(totalSteps * cutFraction));
    const schedule: Schedule = (step, { lr }) => {
      const share = step < cut ? step / cut : 1 - (step - cut) / Math.max(1, totalSteps - cut);
      return { lr: (lr * (1 + share * (ratio - 1))) / ratio };
    };
    return Object.assign(schedule, { steps: totalSteps });
  },
);
