import { ValueError } from "../../core/errors.ts";
import { add, div, mul } from "../../ops/elementwise/arithmetic.ts";
import { isFinite as finite, where } from "../../ops/elementwise/compare.ts";
import { clamp, minimum } from "../../ops/elementwise/extrema.ts";
import { exportWithNextPlan } from "../../tensor/pending.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { flatOf } from "../flatParameters.ts";
import { finiteNorm } from "./finiteNorm.ts";
import { flatNorms, separateNorms } from "./gradientNorms.ts";

/** Norms before clipping; nothing is read back until somebody asks. */
export interface GradientNorms {
  /** Norm over all gradients, a scalar. */
  readonly total: Tensor;
  /** Norm of each parameter's gradient [parameters], in the order given; 0 where it has none. */
  readonly perParameter: Tensor;
}

/**
 * The p-norms of the gradients, without changing them: p = 2 unless `normType` says otherwise.
 * For parameters that an optimizer took, two launches whatever their number.
 */
export function gradNorms(parameters: Iterable<Variable>, normType = 2): GradientNorms {
  const list = [...parameters];
  checkNormType(normType);
  if (list.every((p) => p.grad === null)) {
    throw new ValueError(
      "gradNorms: no parameter has a gradient. Call loss.backward() before, zeroGrad() after.",
    );
  }
  return noGrad(() => {
    const flat = flatOf(list);
    const { total, each } =
      flat === null ? separateNorms(list, normType) : flatNorms(flat, normType, list);
    exportWithNextPlan(total.node);
    exportWithNextPlan(each.node);
    return { total, perParameter: each };
  });
}

export interface ClipOptions {
  /** The p of the norm; 2 unless given, and Infinity for the largest element. */
  readonly normType?: number;
  /**
   * Rejects with NonFiniteError when the norm is NaN or infinite: the next call that waits for the
   * device, such as `await norms.total.item()` before the step, or whatever is read after a
   * compiled one (its result, a parameter), or else the first step that finds the run finished.
   * The gradients become 0 then, so that steps that are on their way bring no NaN into the
   * parameters. Costs a small launch; the default is false.
   */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), so that their common p-norm is at most
 * `maxNorm` (Pascanu et al. 2013, arXiv:1211.5063). Nothing is read back: the factor stays on the
 * device and is fused into the optimizer's kernel.
 * @returns the norms from before clipping
 * @throws ValueError when `maxNorm` is not a positive number; NonFiniteError with
 * `errorIfNonfinite`, as said there
 */
export function clipGradNorm(
  parameters: Iterable<Variable>,
  maxNorm: number | Tensor,
  { normType = 2, errorIfNonfinite = false }: ClipOptions = {},
): GradientNorms {
  checkPositive("clipGradNorm", "maxNorm", maxNorm);
  const list = [...parameters];
  const norms = gradNorms(list, normType);
  const { total } = norms;
  noGrad(() => {
    const checked = errorIfNonfinite ? finiteNorm(total, { of: "clipGradNorm" }) : total;
    const factor = minimum(div(maxNorm, add(checked, 1e-6)), 1);
    if (errorIfNonfinite) exportWithNextPlan(checked.node);
    scaleGradients(list, (g) => {
      const scaled = mul(g, factor);
      return errorIfNonfinite ? where(finite(total), scaled, 0) : scaled;
    });
  });
  return norms;
}

/** Clamps every element of the gradients to [-clipValue, clipValue]. */
export function clipGradValue(parameters: Iterable<Variable>, clipValue: number): void {
  checkPositive("clipGradValue", "clipValue", clipValue);
  noGrad(() => {
    scaleGradients([...parameters], (g) => clamp(g, -clipValue, clipValue));
  });
}

function scaleGradients(list: readonly Variable[], change: (g: Tensor) => Tensor): void {
  const flat = list.length === 0 ? null : flatOf(list);
  if (flat !== null) {
    flat.replaceGradients(change(new Tensor(flat.flatGradient())).node);
    return;
  }
  for (const p of list) if (p.grad !== null) p.grad = change(p.grad);
}

function checkNormType(p: number): void {
  if (p > 0) return;
  throw new ValueError(`gradNorms: normType must be positive; got ${p}. Use 1, 2 or Infinity.`);
}

function checkPositive(op: string, name: string, value: number | Tensor): void {
  if (value instanceof Tensor || value > 0) return;
  throw new ValueError(`${op}: ${name} must be positive; got ${value}. Use a value such as 1.`);
}
