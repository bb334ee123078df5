import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import { einsum, inner, multiDot, tensor, tensordot } from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const SIZES: Readonly<Record<string, number>> = { a: 2, b: 3, c: 2, d: 4, i: 2, j: 3, k: 2 };

const numbers = (count: number, step: number) =>
  Float64Array.from({ length: count }, (_, e) => Math.fround(Math.sin(1 + step + 1.3 * e)));

interface Term {
  readonly letters: readonly string[];
  readonly data: Float64Array;
}

const place = (letters: readonly string[], at: Readonly<Record<string, number>>): number =>
  letters.reduce((p, c) => p * SIZES[c]! + at[c]!, 0);

/** The sum over all letters, one by one. */
function naive(terms: readonly Term[], output: readonly string[]): Float64Array {
  const all = [...new Set(terms.flatMap((t) => t.letters))];
  const out = new Float64Array(output.reduce((n, c) => n * SIZES[c]!, 1));
  const visit = (d: number, at: Record<string, number>): void => {
    if (d === all.length) {
      out[place(output, at)]! += terms.reduce((p, t) => p * t.data[place(t.letters, at)]!, 1);
      return;
    }
    for (let i = 0; i < SIZES[all[d]!]!; i++) visit(d + 1, { ...at, [all[d]!]: i });
  };
  visit(0, {});
  return out;
}

const equations = [
  "i->i",
  "ij->ji",
  "ij->",
  "ij->j",
  "ii->i",
  "iji->j",
  "iij,jk->ik",
  "i,j->ij",
  "ij,jk->ik",
  "ij,kj->ki",
  "aij,ajk->aik",
  "aij,bjk->abik",
  "ij,ij->",
  "ij,i->ij",
  "ijk,jb,kd->ibd",
  "ab,bc,cd,dj->aj",
  "a,ab,abc->c",
  "ij,j,k->ik",
  "abcd,ad->cb",
];

describe("einsum", () => {
  it.each(equations)("%s is the sum over all letters", async (equation) => {
    const [left, right] = equation.split("->") as [string, string];
    const terms = left.split(",").map((term, t): Term => {
      const letters = [...term];
      return {
        letters,
        data: numbers(
          letters.reduce((n, c) => n * SIZES[c]!, 1),
          t,
        ),
      };
    });
    const tensors = terms.map(({ letters, data }) =>
      tensor(data, { shape: letters.map((c) => SIZES[c]!), dtype: "float32" }),
    );
    const out = einsum(equation, ...tensors);
    expect(out.shape).toEqual([...right].map((c) => SIZES[c]!));
    const wanted = naive(terms, [...right]);
    (await out.data()).forEach((x, e) => {
      expect(x).toBeCloseTo(wanted[e]!, 9);
    });
  });

  it("names the axes of a result without an arrow, and broadcasts an ellipsis", () => {
    const x = tensor(numbers(24, 0), { shape: [2, 3, 4] });
    const y = tensor(numbers(8, 1), { shape: [1, 4, 2] });
    expect(einsum("...ij,...jk", x, y).shape).toEqual([2, 3, 2]);
    expect(einsum("ba", tensor(numbers(6, 0), { shape: [2, 3] })).shape).toEqual([3, 2]);
    expect(einsum("...a->a...", x).shape).toEqual([4, 2, 3]);
    expect(einsum("i...->...", x).shape).toEqual([3, 4]);
  });

  it("keeps whole numbers whole", async () => {
    const x = tensor([1, 2, 3, 4], { shape: [2, 2], dtype: "int32" });
    const out = einsum("ij,jk->ik", x, x);
    expect(out.dtype).toBe("int32");
    expect([...(await out.data())]).toEqual([7, 10, 15, 22]);
  });
});

describe("other products", () => {
  it("contract the axes that are named", () => {
    const x = tensor(numbers(24, 0), { shape: [2, 3, 4] });
    const y = tensor(numbers(24, 1), { shape: [4, 3, 2] });
    expect(tensordot(x, y, 1).shape).toEqual([2, 3, 3, 2]);
    expect(
      tensordot(x, y, [
        [2, 1],
        [0, 1],
      ]).shape,
    ).toEqual([2, 2]);
    expect(tensordot(x, y, 0).shape).toEqual([2, 3, 4, 4, 3, 2]);
    expect(inner(x, tensor(numbers(4, 0))).shape).toEqual([2, 3]);
  });

  it("drop the axes that vectors at the ends of a chain are given", () => {
    const row = tensor(numbers(2, 0));
    const square = tensor(numbers(4, 0), { shape: [2, 2] });
    expect(multiDot([row, square, row]).shape).toEqual([]);
    expect(multiDot([row, square]).shape).toEqual([2]);
    expect(multiDot([square, square, row]).shape).toEqual([2]);
  });
});
