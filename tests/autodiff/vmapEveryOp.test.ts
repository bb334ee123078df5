import { describe, expect, it } from "vitest";
import { grad, stack, sum, type Tensor, tensor, vmap } from "../../src/index.ts";
import { mul } from "../../src/ops/index.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";
import { compositions } from "../suite/composed.ts";
import { applySample } from "../suite/inputs.ts";
import { PlanningDevice } from "../suite/planningDevice.ts";
import { weightsFor } from "../suite/suite.ts";

const device = new PlanningDevice();

const isInput = (x: unknown): x is SampleInput => (x as SampleInput | null)?.sample === true;

/** The op as a function of the sample's tensors, as they reach it. */
const functionOf =
  (op: RegisteredOp, sample: readonly unknown[]) =>
  (...inputs: Tensor[]): Tensor => {
    let at = 0;
    const place = (item: unknown): unknown => {
      if (Array.isArray(item)) return item.map(place);
      return isInput(item) ? inputs[at++] : item;
    };
    return applySample(op, sample.map(place), inputs[0]!.device, false).out;
  };

const inputsOf = (sample: readonly unknown[]): SampleInput[] => {
  const found: SampleInput[] = [];
  const visit = (item: unknown): void => {
    if (Array.isArray(item)) for (const x of item) visit(x);
    else if (isInput(item)) found.push(item);
  };
  visit(sample);
  return found;
};

/** Example i of an input: another one for each i that keeps to the op's domain. */
function example({ shape, values, dtype }: SampleInput, i: number): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  const scale = dtype === "float32" ? 1 - 0.05 * i : 1;
  const list = Float64Array.from({ length: size }, (_, k) => (values[k] ?? 0) * scale);
  return tensor(list, { shape, dtype, device });
}

/** f over examples in a loop: what vmap must give. */
const looped = (f: (...x: Tensor[]) => Tensor, columns: readonly Tensor[][], count: number) =>
  stack(Array.from({ length: count }, (_, i) => f(...columns.map((c) => c[i % c.length]!))));

async function near(got: Tensor, wanted: Tensor): Promise<string | null> {
  if (`${got.shape}` !== `${wanted.shape}`) return `shape [${got.shape}], not [${wanted.shape}]`;
  if (got.dtype !== wanted.dtype) return `dtype ${got.dtype}, not ${wanted.dtype}`;
  const [a, b] = [await got.data(), await wanted.data()];
  for (const [i, x] of b.entries()) {
    if (Object.is(a[i], x) || Math.abs(a[i]! - x) <= 1e-9 * (1 + Math.abs(x))) continue;
    return `element ${i} is ${a[i]}, not ${x}`;
  }
  return null;
}

/** Which inputs are batched: all of them, and each alone. */
function patterns(count: number): boolean[][] {
  const all = new Array<boolean>(count).fill(true);
  return count === 1 ? [all] : [all, ...all.map((_, i) => all.map((_, k) => k === i))];
}

async function wrongOf(op: RegisteredOp, sample: readonly unknown[]): Promise<string[]> {
  const inputs = inputsOf(sample);
  const f = functionOf(op, sample);
  const wrong: string[] = [];
  for (const batched of patterns(inputs.length)) {
    const columns = inputs.map((x, i) => (batched[i] ? [0, 1, 2] : [0]).map((k) => example(x, k)));
    const inAxes = batched.map((b) => (b ? 0 : null));
    const args = columns.map((c, i) => (batched[i] ? stack(c) : c[0]!));
    const say = (what: string, text: string | null) => {
      if (text !== null) wrong.push(`${what} with axes ${inAxes}: ${text}`);
    };
    const got = vmap(f, { inAxes, randomness: "same" })(...args);
    say("value", await near(got, looped(f, columns, 3)));
    const first = inputs.findIndex((x) => x.dtype === "float32");
    if (op.vjp === null || got.dtype !== "float32" || first < 0) continue;
    const slope = grad((x: Tensor, ...rest: Tensor[]) => {
      const y = f(...rest.toSpliced(first, 0, x));
      return sum(mul(y, weightsFor(y)));
    });
    const g = (...x: Tensor[]) => slope(x[first]!, ...x.toSpliced(first, 1));
    const slopes = vmap(g, { inAxes, randomness: "same" })(...args);
    say("gradient", await near(slopes, looped(g, columns, 3)));
  }
  return wrong;
}

/** Launches for the op's value over a batch of so many examples. */
async function launchesAt(op: RegisteredOp, sample: readonly unknown[], size: number) {
  const columns = inputsOf(sample).map((x) => stack(new Array<Tensor>(size).fill(example(x, 0))));
  await Promise.all(columns.map((c) => c.data()));
  device.launches = 0;
  const out = vmap(functionOf(op, sample), { randomness: "same" })(...columns);
  exportWithNextPlan(out.node);
  await out.data();
  return device.launches;
}

const samplesOf = (op: RegisteredOp) => op.samples().filter((s) => inputsOf(s).length > 0);

describe("every op over a batch gives what a loop over the examples gives", () => {
  for (const op of [...registry, ...compositions()]) {
    if (op.unbatchable !== undefined || samplesOf(op).length === 0) continue;
    it(op.name, async () => {
      const samples = samplesOf(op);
      for (const [i, sample] of samples.entries()) {
        expect(await wrongOf(op, sample), `sample ${i}`).toEqual([]);
      }
      expect(await launchesAt(op, samples[0]!, 64)).toBe(await launchesAt(op, samples[0]!, 4));
    });
  }
});

describe("ops that vmap refuses", () => {
  for (const op of registry) {
    if (op.forward.kind !== "kernel" || op.batch !== undefined) continue;
    it(`${op.name} says why`, () => expect(op.unbatchable).toMatch(/\w+ \w+/));
  }
});
