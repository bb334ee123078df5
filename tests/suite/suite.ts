import { backward } from "../../src/autodiff/backward.ts";
import { sameShape, show } from "../../src/core/shape.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { mul } from "../../src/ops/elementwise/arithmetic.ts";
import { sum } from "../../src/ops/reduce/reduce.ts";
import "../../src/data/index.ts";
import "../../src/ops/index.ts";
import "../../src/optim/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { difference, toleranceOf } from "./compare.ts";
import { compositions } from "./composed.ts";
import { applySample } from "./inputs.ts";

/** One line of the report. */
export interface SuiteResult {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
}

/**
 * Every sample of every op on both devices: shapes, dtypes, values, and the gradients of a
 * weighted sum of the result with respect to what was uploaded ("some": of compositions those of
 * the first sample). It needs no test runner, so that the same file runs in Node, Deno and browsers.
 */
export async function runOpSuite(
  gpu: Device,
  oracle: Device,
  options: {
    readonly ops?: readonly RegisteredOp[];
    readonly gradients?: "all" | "some" | "none";
  } = {},
): Promise<SuiteResult[]> {
  const { ops = [...registry, ...compositions()], gradients = "all" } = options;
  const results: SuiteResult[] = [];
  for (const op of ops) {
    for (const [i, sample] of op.samples().entries()) {
      results.push(
        await attempt(`${op.name} sample ${i}`, async () => {
          const wrong = await checkValue(op, sample, gpu, oracle);
          const skip = gradients === "none" || (gradients === "some" && isComposed(op) && i > 0);
          return wrong ?? (skip ? null : compareGradients(op, sample, gpu, oracle));
        }),
      );
    }
  }
  return results;
}

/** Its gradients are made of ops that have samples of their own. */
const isComposed = (op: RegisteredOp): boolean => op.forward === undefined;

/** Runs a check that gives null, or what is wrong. */
export async function attempt(
  name: string,
  check: () => Promise<string | null>,
): Promise<SuiteResult> {
  try {
    const error = await check();
    return error === null ? { name, ok: true } : { name, ok: false, error };
  } catch (error) {
    return {
      name,
      ok: false,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

async function checkValue(
  op: RegisteredOp,
  sample: readonly unknown[],
  gpu: Device,
  oracle: Device,
): Promise<string | null> {
  const [there, here] = [gpu, oracle].map((device) => applySample(op, sample, device, false).out);
  if (!sameShape(there.shape, here.shape))
    return `shape ${show(there.shape)}, not ${show(here.shape)}`;
  if (there.dtype !== here.dtype) return `dtype ${there.dtype}, not ${here.dtype}`;
  const [got, wanted] = [await there.data(), await here.data()];
  return difference("value", got, wanted, toleranceOf(here.dtype));
}

async function compareGradients(
  op: RegisteredOp,
  sample: readonly unknown[],
  gpu: Device,
  oracle: Device,
): Promise<string | null> {
  if (op.vjp === null) return null;
  const [there, here] = [await gradientsOf(op, sample, gpu), await gradientsOf(op, sample, oracle)];
  for (const [i, wanted] of here.entries()) {
    const got = there[i];
    if (wanted === null || got === null) {
      if (wanted !== got) return `gradient ${i}: one device has none`;
      continue;
    }
    const wrong = difference(`gradient ${i}`, got, wanted, { relative: 1e-4, absolute: 1e-5 });
    if (wrong !== null) return wrong;
  }
  return null;
}

/** d(Σ out·w)/d(leaf) with fixed weights w, for every leaf. */
async function gradientsOf(op: RegisteredOp, sample: readonly unknown[], device: Device) {
  const { out, leaves } = applySample(op, sample, device, true);
  if (!out.requiresGrad) return leaves.map(() => null);
  backward(sum(mul(out, weightsFor(out))));
  return Promise.all(leaves.map((leaf) => leaf.grad?.data() ?? null));
}

export function weightsFor(out: Tensor): Tensor {
  const values = Float32Array.from({ length: out.size }, (_, i) => Math.sin(1 + 1.7 * i));
  return tensor(values, { shape: out.shape, device: out.device });
}
