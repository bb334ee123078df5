import { backward } from "../../src/autodiff/backward.ts";
import { add, mul } from "../../src/ops/arithmetic.ts";
import { sum } from "../../src/ops/reduce.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import type { Device } from "../../src/tensor/device.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { compositions } from "./composed.ts";
import { applySample } from "./inputs.ts";
import { attempt, type SuiteResult, weightsFor } from "./suite.ts";

const STEP = 1e-3;
/** Relative errors that the difference itself explains. */
const bounds = { 1: 1e-7, 2: 1e-6 } as const;

/**
 * Derivatives against differences on the float64 device: first ones of the weighted sum of an
 * op's result, second ones of the weighted sum of its gradients.
 */
export async function runGradcheck(
  oracle: Device,
  order: 1 | 2 = 1,
  ops: readonly RegisteredOp[] = [...registry, ...compositions()],
): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const op of ops) {
    if (op.vjp === null || (op.gradcheck?.order ?? 2) < order) continue;
    for (const [i, sample] of op.samples().entries()) {
      const check = () => checkSample({ op, sample, oracle, order });
      results.push(await attempt(`${op.name} derivative ${order} of sample ${i}`, check));
    }
  }
  return results;
}

interface Case {
  readonly op: RegisteredOp;
  readonly sample: readonly unknown[];
  readonly oracle: Device;
  readonly order: 1 | 2;
}

async function checkSample(given: Case): Promise<string | null> {
  const { loss, leaves } = record(given, given.sample);
  if (!loss?.requiresGrad) return null;
  for (const leaf of leaves) leaf.grad = null;
  backward(loss);
  const inputs = given.sample.flat().filter(isInput);
  for (const [i, leaf] of leaves.entries()) {
    if (leaf.grad === null) continue;
    const got = await leaf.grad.data();
    const wanted = await differences(given, inputs[i]);
    const wrong = distance(got, wanted);
    if (wrong > bounds[given.order]) {
      const some = (x: ArrayLike<number>) => Array.from(x).slice(0, 6).join(", ");
      return `input ${i}: ${wrong} apart; got ${some(got)}, differences give ${some(wanted)}`;
    }
  }
  return null;
}

/** The scalar that is differentiated; null where there is no gradient to differentiate again. */
function record({ op, oracle, order }: Case, sample: readonly unknown[]) {
  const { out, leaves } = applySample(op, sample, oracle, true);
  let loss: Tensor | null = sum(mul(out, weightsFor(out)));
  if (order === 1 || !loss.requiresGrad) return { loss: order === 1 ? loss : null, leaves };
  backward(loss, { createGraph: true });
  loss = null;
  for (const { grad } of leaves) {
    if (grad === null) continue;
    const part = sum(mul(grad, weightsFor(grad)));
    loss = loss === null ? part : add(loss, part);
  }
  return { loss, leaves };
}

const isInput = (x: unknown): x is SampleInput => (x as SampleInput | null)?.sample === true;

/** |a - b| / max(|a|, |b|) in the Euclidean norm; two tiny norms count as equal. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const norm = (f: (i: number) => number) => Math.hypot(...Array.from(a, (_, i) => f(i)));
  const scale = Math.max(
    norm((i) => a[i]),
    norm((i) => b[i]),
  );
  return scale < 1e-10 ? 0 : norm((i) => a[i] - b[i]) / scale;
}

/** Central differences of fourth order (Fornberg 1988), whose error stays below the bounds. */
async function differences(given: Case, input: SampleInput): Promise<number[]> {
  const slopes: number[] = [];
  for (let i = 0; i < input.values.length; i++) {
    const at = (steps: number) => valueAt(given, input, i, steps);
    const [a, b, c, d] = [await at(-2), await at(-1), await at(1), await at(2)];
    slopes.push((a - 8 * b + 8 * c - d) / (12 * STEP));
  }
  return slopes;
}

async function valueAt(given: Case, input: SampleInput, place: number, steps: number) {
  const values = input.values.map((v, i) => (i === place ? v + steps * STEP : v));
  const swap = (item: unknown): unknown =>
    Array.isArray(item) ? item.map(swap) : item === input ? { ...input, values } : item;
  return record(given, given.sample.map(swap)).loss?.item() ?? 0;
}
