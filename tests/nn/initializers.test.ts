import { init as start } from "tapegrad";
import { beforeEach, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { type Initializer, init } from "../../src/nn/index.ts";

beforeEach(async () => {
  await start({ device: "cpu", precision: "float64" });
});

async function drawn(of: Initializer, shape: readonly number[], seed = 1): Promise<number[]> {
  return [...(await of(shape, { seed }).data())];
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;

/** Mean and variance of a density on [a, b], by Simpson's rule. */
function momentsOf(density: (x: number) => number, a: number, b: number): [number, number] {
  const steps = 20_000;
  const h = (b - a) / steps;
  const integral = (f: (x: number) => number): number => {
    let sum = f(a) + f(b);
    for (let i = 1; i < steps; i++) sum += f(a + i * h) * (i % 2 === 1 ? 4 : 2);
    return (sum * h) / 3;
  };
  const mass = integral(density);
  const middle = integral((x) => x * density(x)) / mass;
  return [middle, integral((x) => (x - middle) ** 2 * density(x)) / mass];
}

/** Sample moments within four standard errors of the true ones. */
function expectMoments(x: readonly number[], [middle, variance]: readonly [number, number]): void {
  const spread = Math.sqrt(variance);
  expect(Math.abs(mean(x) - middle)).toBeLessThan((4 * spread) / Math.sqrt(x.length));
  const squares = x.map((v) => (v - middle) ** 2);
  const fourth = mean(squares.map((s) => s * s));
  const error = Math.sqrt((fourth - variance ** 2) / x.length);
  expect(Math.abs(mean(squares) - variance)).toBeLessThan(4 * error);
}

const SIZE = [200, 200];

describe("the distribution of", () => {
  const flat = (bound: number) => [0, bound ** 2 / 3] as const;
  it.each<[string, Initializer, readonly [number, number]]>([
    ["uniform", init.uniform(-1, 3), [1, 16 / 12]],
    ["normal", init.normal(2, 0.5), [2, 0.25]],
    ["lecunNormal", init.lecunNormal(), [0, 1 / 200]],
    ["lecunUniform", init.lecunUniform(), flat(Math.sqrt(3 / 200))],
    ["xavierNormal", init.xavierNormal(), [0, 2 / 400]],
    ["kaimingUniform", init.kaimingUniform({ nonlinearity: "relu" }), flat(Math.sqrt(6 / 200))],
  ])("%s has its mean and variance", async (_, initializer, moments) => {
    expectMoments(await drawn(initializer, SIZE), moments);
  });

  // Each way to propose numbers: normal, uniform, exponential, and mirrored.
  it.each([
    [0, 1, -2, 2],
    [1, 3, 0, 1],
    [0, 1, 0.5, 0.9],
    [0, 1, 6, 20],
    [2, 0.5, -9, 0],
    [0, 1, -0.1, 9],
  ])("truncNormal(%s, %s, %s, %s)", async (middle, std, a, b) => {
    const values = await drawn(init.truncNormal(middle, std, a, b), SIZE);
    const density = (x: number) => Math.exp(-(((x - middle) / std) ** 2) / 2);
    // Far behind the end that is nearer to the mean there is nothing to integrate.
    const from = Math.max(a, Math.min(b, middle) - 10 * std);
    const to = Math.min(b, Math.max(a, middle) + 10 * std);
    expectMoments(
      values,
      momentsOf((x) => density(x) / density(to < middle ? to : from), from, to),
    );
    expect(Math.min(...values.slice(0, 9999))).toBeGreaterThanOrEqual(a);
    expect(Math.max(...values.slice(0, 9999))).toBeLessThanOrEqual(b);
  });
});

describe("orthogonal", () => {
  it.each([
    [[30, 20], 1],
    [[20, 30], 2],
    [[6, 2, 3, 3], 0.5],
    [[1, 4], 1],
  ])("of %s with gain %s has orthogonal lines", async (shape, gain) => {
    const values = await drawn(init.orthogonal({ gain }), shape);
    const [rows, columns] = [shape[0]!, values.length / shape[0]!];
    const wide = rows <= columns;
    const at = (k: number, i: number) => values[wide ? k * columns + i : i * columns + k]!;
    const [count, length] = wide ? [rows, columns] : [columns, rows];
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < count; k++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(j, i) * at(k, i);
        expect(Math.abs(product - (j === k ? gain * gain : 0))).toBeLessThan(1e-6);
      }
    }
  });

  it("gives all rotations alike: each element has mean 0 and variance 1/n", async () => {
    const of = (seed: number) => drawn(init.orthogonal(), [3, 3], seed);
    const all = await Promise.all(Array.from({ length: 4000 }, (_, seed) => of(seed)));
    for (let i = 0; i < 9; i++) {
      const values = all.map((q) => q[i]!);
      expectMoments(values, [0, 1 / 3]);
    }
  });

  it("has nothing to do without rows or columns", async () => {
    expect(await drawn(init.orthogonal(), [0, 3])).toEqual([]);
    expect(await drawn(init.orthogonal(), [3, 0])).toEqual([]);
  });
});

describe("mostly zeros", () => {
  it("eye and dirac", async () => {
    expect(await drawn(init.eye(), [2, 3])).toEqual([1, 0, 0, 0, 1, 0]);
    expect(await drawn(init.dirac(), [2, 2, 3])).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    const grouped = await drawn(init.dirac({ groups: 2 }), [4, 1, 2, 2]);
    expect([...grouped.keys()].filter((i) => grouped[i] === 1)).toEqual([3, 11]);
  });

  it("sparse leaves so many in each column, at other places", async () => {
    const [rows, columns] = [50, 40];
    const values = await drawn(init.sparse(0.9, { std: 2 }), [rows, columns]);
    const places = Array.from({ length: columns }, (_, c) =>
      Array.from({ length: rows }, (_, r) => r).filter((r) => values[r * columns + c] !== 0),
    );
    expect(places.every((kept) => kept.length === 5)).toBe(true);
    expect(new Set(places.map(String)).size).toBeGreaterThan(columns - 3);
    expectMoments(
      values.filter((x) => x !== 0),
      [0, 4],
    );
    // ⌈0.1 · 3⌉ is one.
    const few = await drawn(init.sparse(0.1), [3, 1]);
    expect(few.filter((x) => x === 0).length).toBe(1);
  });
});

describe("a seed", () => {
  const random: Record<string, Initializer> = {
    uniform: init.uniform(),
    truncNormal: init.truncNormal(),
    orthogonal: init.orthogonal(),
    sparse: init.sparse(0.5),
    lecunNormal: init.lecunNormal(),
  };
  it.each(Object.entries(random))("means the same numbers on every device: %s", async (_, of) => {
    const here = await drawn(of, [6, 5], 7);
    expect(await drawn(of, [6, 5], 7)).toEqual(here);
    expect(await drawn(of, [6, 5], 8)).not.toEqual(here);
    await start({ device: "webgpu" });
    expect(await drawn(of, [6, 5], 7)).toEqual(here);
  });
});

type Case = [string, new (m: string) => Error, () => unknown, string];
const cases: Case[] = [
  ["orthogonal", ShapeError, () => init.orthogonal()([3]), "at least two axes; got [3]"],
  ["eye", ShapeError, () => init.eye()([2, 2, 2]), "the weight does not have 2 axes"],
  ["dirac", ShapeError, () => init.dirac()([2, 2]), "the weight does not have 3 to 5 axes"],
  ["groups", ValueError, () => init.dirac({ groups: 2 })([3, 1, 1]), "got 2 groups for [3, 1, 1]"],
  ["no groups", ValueError, () => init.dirac({ groups: 0 })([3, 1, 1]), "groups do not divide"],
  ["sparsity", ValueError, () => init.sparse(1.5), "not between 0 and 1; got 1.5"],
  ["sparse", ShapeError, () => init.sparse(0.5)([2]), "the weight does not have 2 axes"],
  ["interval", ValueError, () => init.truncNormal(0, 1, 2, -2), "from 2 to -2"],
  ["deviation", ValueError, () => init.truncNormal(0, 0), "std 0"],
  ["fans", ShapeError, () => init.lecunNormal()([3]), "[out, in]"],
];
it.each(cases)("refuses what makes no sense: %s", (_, type, call, message) => {
  expect(call).toThrow(type);
  expect(call).toThrow(message);
});
