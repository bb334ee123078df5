import { backward } from "../../src/autodiff/backward.ts";
import { mul } from "../../src/ops/arithmetic.ts";
import { sum } from "../../src/ops/reduce.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import type { Device } from "../../src/tensor/device.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { compositions } from "./composed.ts";
import { applySample } from "./inputs.ts";
import { attempt, type SuiteResult, weightsFor } from "./suite.ts";

const STEP = 1e-5;
const BOUND = 1e-7;

/** First derivatives against central differences, on the float64 device. */
export async function runGradcheck(
  oracle: Device,
  ops: readonly RegisteredOp[] = [...registry, ...compositions()],
): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const op of ops) {
    if (op.vjp === null || op.gradcheck?.order === 0) continue;
    for (const [i, sample] of op.samples().entries()) {
      results.push(await attempt(`${op.name} gradient ${i}`, () => check(op, sample, oracle)));
    }
  }
  return results;
}

async function check(op: RegisteredOp, sample: readonly unknown[], oracle: Device) {
  const { out, leaves } = applySample(op, sample, oracle, true);
  if (!out.requiresGrad) return null;
  backward(sum(mul(out, weightsFor(out))));
  const inputs = sample.flat().filter(isInput);
  for (const [i, leaf] of leaves.entries()) {
    if (leaf.grad === null) continue;
    const got = await leaf.grad.data();
    const wanted = await differences(op, sample, inputs[i], oracle);
    const wrong = distance(got, wanted);
    if (wrong > BOUND)
      return `input ${i}: ${wrong} apart; got ${[...got].slice(0, 6)}, differences ${wanted.slice(0, 6)}`;
  }
  return null;
}

const isInput = (x: unknown): x is SampleInput => (x as SampleInput | null)?.sample === true;

/** |a - b| / max(|a|, |b|) in the Euclidean norm; two tiny norms count as equal. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const norm = (f: (i: number) => number) =>
    Math.sqrt(Array.from(a, (_, i) => f(i) ** 2).reduce((x, y) => x + y, 0));
  const scale = Math.max(
    norm((i) => a[i]),
    norm((i) => b[i]),
  );
  return scale < 1e-10 ? 0 : norm((i) => a[i] - b[i]) / scale;
}

async function differences(
  op: RegisteredOp,
  sample: readonly unknown[],
  input: SampleInput,
  oracle: Device,
): Promise<number[]> {
  const slopes: number[] = [];
  const count = Math.min(input.values.length, 40);
  for (let i = 0; i < input.values.length; i++) {
    if (i >= count) return slopes;
    const at = (step: number) => lossAt(op, sample, input, i, step, oracle);
    // Fourth order (Fornberg 1988): the error of the difference stays below the bound.
    const [a, b, c, d] = [await at(-2), await at(-1), await at(1), await at(2)];
    slopes.push((a - 8 * b + 8 * c - d) / (12 * STEP * 100));
  }
  return slopes;
}

async function lossAt(
  op: RegisteredOp,
  sample: readonly unknown[],
  input: SampleInput,
  place: number,
  steps: number,
  oracle: Device,
): Promise<number> {
  const values = input.values.map((v, i) => (i === place ? v + steps * STEP * 100 : v));
  const swap = (item: unknown): unknown =>
    Array.isArray(item) ? item.map(swap) : item === input ? { ...input, values } : item;
  const { out } = applySample(op, sample.map(swap), oracle, false);
  return sum(mul(out, weightsFor(out))).item();
}
