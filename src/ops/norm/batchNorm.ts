import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { rsqrt } from "../elementwise/elementwise.ts";
import { reshape } from "../movement/movement.ts";
import { mean } from "../reduce/reduce.ts";
import {
  type AffineOptions,
  checkEps,
  checkParts,
  checkSeveral,
  type Moments,
  perChannel,
  scaled,
} from "./affine.ts";
import { byChannel, byRow } from "./byStatistics.ts";

export interface BatchNormOptions extends AffineOptions {
  /** Whether x's own statistics are used, and running ones updated. */
  readonly training?: boolean;
  /** How much of the new statistics goes into the running ones: a number, or a tensor []. */
  readonly momentum?: number | Tensor;
}

export interface InstanceNormOptions extends AffineOptions {
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Whether x's own statistics are used; else the running ones. */
  readonly useInputStats?: boolean;
  readonly momentum?: number;
}

/** A normalized tensor, and the running statistics after it; null where there were none. */
export interface NormWithRunning {
  readonly output: Tensor;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
}

type Running = Pick<NormWithRunning, "runningMean" | "runningVar">;

/**
 * (1 - momentum)·running + momentum·new; the variance without bias. No gradient flows through.
 * @param moments [C] each, or [N, C], of which the mean over the batch counts
 */
function updated(
  running: Running,
  moments: Moments,
  count: number,
  momentum: number | Tensor,
): Running {
  const rest = typeof momentum === "number" ? 1 - momentum : sub(1, momentum);
  const share = (factor: number) =>
    typeof momentum === "number" ? momentum * factor : mul(momentum, factor);
  const mixed = (old: Tensor | null, fresh: Tensor, factor: number) => {
    const channels = fresh.rank === 1 ? fresh : mean(fresh, 0);
    return old && add(mul(old, rest), mul(channels, share(factor)));
  };
  return noGrad(() => ({
    runningMean: mixed(running.runningMean, moments.mean, 1),
    runningVar: mixed(running.runningVar, moments.variance, count / (count - 1)),
  }));
}

/** By statistics that are given, one per channel. */
function byRunning(x: Tensor, running: Running, options: AffineOptions, eps: number): Tensor {
  const shape = perChannel(x);
  const scale = rsqrt(add(reshape(running.runningVar!, shape), eps));
  const out = mul(sub(x, reshape(running.runningMean!, shape)), scale);
  return scaled(out, options, shape);
}

function checkChannels(
  op: string,
  x: Tensor,
  least: number,
  parts: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  if (x.rank < least) {
    throw new ShapeError(
      `${op}: the input is not [batch, channels${least > 2 ? ", length" : ""}, …]; got ` +
        `${show(x.shape)}. Reshape it.`,
    );
  }
  checkParts(op, x, [x.shape[1]!], parts);
}

function checkRunning(op: string, x: Tensor, running: Running, why: string): void {
  if (running.runningMean && running.runningVar) return;
  throw new ShapeError(
    `${op}: there are no running statistics, which ${why} needs; got an input ${show(x.shape)}. ` +
      "Give runningMean and runningVar.",
  );
}

/**
 * `batchNorm`, together with the running statistics after this batch: (1 - momentum)·old +
 * momentum·new, the variance unbiased. They are new tensors; nothing is changed in place. Without
 * `training` they are the given ones.
 * @throws ShapeError, ValueError as `batchNorm`
 */
export function batchNormWithRunning(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): NormWithRunning {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  const running = { runningMean, runningVar };
  if (x.size === 0 && x.rank < 2) return { output: x, ...running };
  checkChannels("batchNorm", x, 2, { runningMean, runningVar, weight, bias });
  checkEps("batchNorm", eps);
  if (!training) {
    checkRunning("batchNorm", x, running, "evaluation");
    return { output: byRunning(x, running, options, eps), ...running };
  }
  if (x.size === 0) return { output: scaled(x, options, perChannel(x)), ...running };
  const count = x.size / x.shape[1]!;
  checkSeveral("batchNorm", x, count);
  const { output, moments } = byChannel(x, weight, bias, eps);
  return { output, ...updated(running, moments, count, momentum) };
}

/**
 * (x - mean) / √(variance + eps)·weight + bias per channel: with `training` by the mean and
 * (biased) variance of x over all axes but 1, else by running ones. Running statistics are only
 * read; `batchNormWithRunning` gives the new ones.
 * @param x [N, C, …]  @param runningMean [C], or null  @param runningVar [C], or null
 * @throws ShapeError for parts that are not [C]; ValueError for one element per channel
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithms 1 and 2.
 */
export const batchNorm = (
  x: Tensor,
  runningMean: Tensor | null = null,
  runningVar: Tensor | null = null,
  options: BatchNormOptions = {},
): Tensor => batchNormWithRunning(x, runningMean, runningVar, options).output;

/**
 * `instanceNorm`, with the running statistics after it: of the means over the batch.
 * @throws ShapeError, ValueError as `instanceNorm`
 */
export function instanceNormWithRunning(
  x: Tensor,
  options: InstanceNormOptions = {},
): NormWithRunning {
  const { weight = null, bias = null, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  const { runningMean = null, runningVar = null } = options;
  const running = { runningMean, runningVar };
  checkChannels("instanceNorm", x, 3, { runningMean, runningVar, weight, bias });
  checkEps("instanceNorm", eps);
  if (!useInputStats) {
    checkRunning("instanceNorm", x, running, "normalizing without x's own");
    return { output: byRunning(x, running, options, eps), ...running };
  }
  if (x.size === 0) return { output: scaled(x, options, perChannel(x)), ...running };
  const count = x.size / (x.shape[0]! * x.shape[1]!);
  checkSeveral("instanceNorm", x, count);
  const [batch, channels] = x.shape as [number, number];
  const { output, moments } = byRow(x, [batch, channels, 1, count], weight, bias, { eps });
  return { output, ...updated(running, moments, count, momentum) };
}

/**
 * (x - mean) / √(variance + eps)·weight + bias, each channel of each example by its own mean and
 * (biased) variance over the spatial axes; or by running ones.
 * @param x [N, C, …spatial]; weight, bias and running statistics are [C]
 * @throws ShapeError, ValueError  Source: Ulyanov et al. 2016, arXiv:1607.08022, equation 4.
 */
export const instanceNorm = (x: Tensor, options: InstanceNormOptions = {}): Tensor =>
  instanceNormWithRunning(x, options).output;
