import { ValueError } from "../core/errors.ts";
import { tensor } from "../ops/creation/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Optimizer } from "./optimizer.ts";

export interface LrFinderOptions {
  readonly startLr?: number;
  readonly endLr?: number;
  readonly steps?: number;
  /** How much of the smoothed loss is the past. */
  readonly smoothing?: number;
  /** Ends where the smoothed loss has grown to this many times the lowest, or its fall so far. */
  readonly diverge?: number;
}

export interface LrFinderResult {
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  /** The rate where the smoothed loss falls most steeply in log rate. */
  readonly suggestion: number;
  /** Whether the sweep ended because the loss grew without bound. */
  readonly diverged: boolean;
}

/**
 * Finds a learning rate by an exponential sweep (Smith 2017, arXiv:1506.01186, section 3.3): trains
 * with rates from `startLr` to `endLr` and looks where the loss falls fastest. Parameters and
 * optimizer are as before afterwards.
 *
 * @param step makes one training step (zeroGrad, backward, optimizer.step) and returns the loss
 */
export async function lrFinder(
  optimizer: Optimizer,
  step: () => Promise<Tensor>,
  options: LrFinderOptions = {},
): Promise<LrFinderResult> {
  const { startLr = 1e-7, endLr = 10, steps = 100, smoothing = 0.95, diverge = 4 } = options;
  if (!(startLr > 0 && endLr > startLr && Number.isInteger(steps) && steps >= 2)) {
    throw new ValueError(
      `lrFinder: rates rise from startLr to endLr in at least 2 steps; got ${startLr}, ${endLr}, ` +
        `${steps}. Use for instance 1e-7, 10 and 100.`,
    );
  }
  const before = await snapshot(optimizer);
  const [rates, losses, smoothed]: number[][] = [[], [], []];
  let average = 0;
  let diverged = false;
  for (let i = 0; i < steps && !diverged; i++) {
    const lr = startLr * (endLr / startLr) ** (i / (steps - 1));
    for (const { options: own } of optimizer.paramGroups) own.lr = lr;
    const loss = await (await step()).item();
    average = smoothing * average + (1 - smoothing) * loss;
    rates.push(lr);
    losses.push(loss);
    smoothed.push(average / (1 - smoothing ** (i + 1)));
    diverged = !Number.isFinite(loss) || hasGrown(smoothed, diverge);
  }
  await before.restore();
  return { rates, losses, smoothed, suggestion: steepest(rates, smoothed), diverged };
}

/** The last loss lies so far above the lowest; losses may be negative. */
function hasGrown(losses: readonly number[], times: number): boolean {
  const best = Math.min(...losses);
  const size = Math.max(Math.abs(best), losses[0] - best);
  return losses[losses.length - 1] > best + (times - 1) * size;
}

/** Everything that a sweep changes, with how to put it back. */
async function snapshot(optimizer: Optimizer) {
  const state = optimizer.stateDict();
  const slots = await Promise.all(
    [...state.tensors].map(async ([key, t]) => [key, await copy(t)] as const),
  );
  const values = await Promise.all(optimizer.parameters.map(copy));
  return {
    async restore() {
      optimizer.parameters.forEach((p, i) => {
        p.assign(values[i]);
      });
      optimizer.loadStateDict({ ...state, tensors: new Map(slots) });
      await Promise.all(optimizer.parameters.map((p) => p.data()));
    },
  };
}

/** The same values in memory of their own. */
async function copy(t: Tensor): Promise<Tensor> {
  return tensor(await t.data(), { shape: t.shape, dtype: t.dtype, device: t.device });
}

/** Where the loss falls fastest per step of log rate; rises at the end do not count. */
function steepest(rates: readonly number[], losses: readonly number[]): number {
  let best = 0;
  let lowest = 0;
  for (let i = 1; i < losses.length - 1; i++) {
    const slope = losses[i + 1] - losses[i - 1];
    if (slope < lowest) {
      lowest = slope;
      best = i;
    }
  }
  return rates[best];
}
