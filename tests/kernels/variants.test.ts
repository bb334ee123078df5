import { describe, expect, it } from "vitest";
import { grad } from "../../src/autodiff/transforms.ts";
import type { Variant } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { tensor } from "../../src/ops/index.ts";
import { type SampleInput, uniform } from "../../src/ops/samples.ts";
import type { Device } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";
import { difference, toleranceOf } from "../suite/compare.ts";

/** Each variant of element-wise, row, reduction and norm kernels, on ragged sizes. */

type Compute = (...inputs: Tensor[]) => Tensor;

interface Case {
  readonly name: string;
  readonly f: Compute;
  readonly inputs: readonly SampleInput[];
}

const slope = (f: (x: Tensor) => Tensor) => (x: Tensor) =>
  grad((y: Tensor) => ops.sum(ops.mul(f(y), ops.add(y, 1))))(x) as Tensor;

const both = (x: Tensor, p: Tensor, reduction: "mean" | "sum" | "none") => {
  const loss = (y: Tensor) => ops.crossEntropy(y, p, { reduction });
  return ops.add(grad((y: Tensor) => ops.sum(loss(y)))(x) as Tensor, ops.sum(loss(x)));
};

const normed = (x: Tensor): Tensor => ops.batchNorm(x, null, null, { training: true });

const given = (name: string, f: Compute, ...inputs: SampleInput[]): Case => ({ name, f, inputs });
const shares = (shape: readonly number[]) => [uniform(shape), uniform(shape, 0, 1)];

const cases: Case[] = [
  given("a chain, vectors", (x) => ops.mul(ops.tanh(x), ops.sigmoid(x)), uniform([65_552])),
  given("a chain, single", (x) => ops.sub(ops.tanh(x), ops.relu(x)), uniform([16_411])),
  given("a chain, whole blocks", (x) => ops.mul(ops.tanh(x), ops.sigmoid(x)), uniform([65_536])),
  given("a chain, spare threads", (x) => ops.sub(ops.tanh(x), ops.relu(x)), uniform([65_600])),
  given("one read in two ways", (x) => ops.sub(x!, ops.flip(x!, 0)), uniform([65_536])),
  given("softmax", (x) => ops.softmax(x), uniform([37, 300])),
  given("softmax of few rows", (x) => ops.softmax(x), uniform([3, 1_030])),
  given("softmax of columns", (x) => ops.softmax(x, 0), uniform([70, 90])),
  given("logSoftmax", slope(ops.logSoftmax), uniform([21, 132])),
  given("cross-entropy in a workgroup", (x, p) => both(x!, p!, "mean"), ...shares([37, 64])),
  given("cross-entropy of rows", (x, p) => both(x!, p!, "sum"), ...shares([301, 36])),
  given("sum", (x) => ops.sum(x!), uniform([150_001], 0, 1)),
  given("sum of whole pieces", (x) => ops.sum(x!), uniform([262_144], 0, 1)),
  given("sum of blocks and a rest", (x) => ops.sum(x!), uniform([140_008], 0, 1)),
  given("max of rows in blocks", (x) => ops.max(x!, 1), uniform([40, 4_096])),
  given("sum of rows", (x) => ops.sum(x!, 1), uniform([3, 20_004], 0, 1)),
  given("max of columns", (x) => ops.max(x!, 0), uniform([9_001, 3])),
  given("batch norm", (x) => normed(x!), uniform([3, 2, 700])),
];

const oracle = new CpuDevice({ precision: "float64" });

/** Takes variant `at` of each list; plans are kept by their graph, so each needs its own device. */
class Chooser {
  readonly offered = new Set<string>();
  readonly chosen = new Set<string>();
  at = 0;

  readonly choose = <V extends Variant>(shapes: string, variants: readonly V[]): V => {
    const variant = variants[this.at % variants.length]!;
    for (const { name } of variants) this.offered.add(`${shapes}: ${name}`);
    this.chosen.add(`${shapes}: ${variant.name}`);
    return variant;
  };

  get isDone(): boolean {
    return this.at > 0 && this.chosen.size === this.offered.size;
  }
}

async function numbersOf(f: Compute, inputs: readonly SampleInput[], device: Device) {
  return f(...inputs.map(({ values, shape }) => tensor(values, { shape, device }))).data();
}

describe.each([true, false])("every variant gives what float64 gives, software: %s", (software) => {
  it.each(cases)("$name", async ({ name, f, inputs }) => {
    const wanted = await numbersOf(f, inputs, oracle);
    const chooser = new Chooser();
    for (; !chooser.isDone; chooser.at++) {
      expect(chooser.at).toBeLessThan(6);
      const limits = { software, choose: chooser.choose };
      const gpu = await openAdapter(await findAdapter(), { limits });
      const found = await numbersOf(f, inputs, gpu);
      expect(difference(name, found, wanted, toleranceOf("float32"))).toBeNull();
      gpu.destroy();
    }
    expect(chooser.offered.size).toBeGreaterThan(0);
  });
});
