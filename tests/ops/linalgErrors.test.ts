import { beforeAll, describe, expect, it } from "vitest";
import { LinAlgError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const of = (...shape: number[]) => ops.ones(shape);

const cases: [string, new (m: string) => Error, () => unknown, string][] = [
  ["mm", ShapeError, () => ops.mm(of(2), of(2, 2)), "mm: it takes 2-D and 2-D tensors; got [2]"],
  ["bmm", ShapeError, () => ops.bmm(of(2, 1, 1), of(3, 1, 1)), "the batches differ"],
  ["dot", ShapeError, () => ops.dot(of(2), of(3)), "inner sizes 2 and 3 differ"],
  ["addmm", ShapeError, () => ops.addmm(of(3), of(2, 2), of(2, 2)), "do not broadcast"],
  ["addmv", ShapeError, () => ops.addmv(of(2, 2), of(2, 2), of(2)), "does not broadcast to"],
  ["linear", ShapeError, () => ops.linear(of(2, 3), of(2, 4)), "last axis of x must be that"],
  ["bilinear", ShapeError, () => ops.bilinear(of(2, 3), of(2, 3), of(2, 3)), "must fit the weight"],
  ["outer", ShapeError, () => ops.outer(of(2, 2), of(2)), "takes two 1-D tensors"],
  ["inner", ShapeError, () => ops.inner(of(2), of(3)), "the last axes differ"],
  ["tensordot", ShapeError, () => ops.tensordot(of(2, 3), of(2, 3), 1), "do not pair"],
  [
    "too many axes",
    ShapeError,
    () => ops.tensordot(of(2), of(2), 2),
    "2 axes cannot be contracted",
  ],
  ["multiDot", ShapeError, () => ops.multiDot([of(2, 2)]), "it takes two or more matrices"],
  ["a chain", ShapeError, () => ops.multiDot([of(2, 3), of(2, 3)]), "inner sizes differ"],
  ["a power", ValueError, () => ops.matrixPower(of(2, 2), 0.5), "0.5 is not a whole number"],
  ["cross", ShapeError, () => ops.cross(of(2), of(2)), "no axis has size 3"],
  ["cdist", ShapeError, () => ops.cdist(of(2, 3), of(2, 4)), "Make the last axes equal"],
  ["its order", ValueError, () => ops.cdist(of(2, 3), of(2, 3), -1), "the norm -1 is negative"],
  ["no tensor", ShapeError, () => ops.einsum("i"), "einsum: no tensors"],
  ["terms", ValueError, () => ops.einsum("i,j", of(2)), "2 terms for 1 tensors"],
  ["letters", ShapeError, () => ops.einsum("ij", of(2)), "do not fit the axes of tensor 0"],
  ["a digit", ValueError, () => ops.einsum("i1", of(2, 2)), '"1" is no letter'],
  ["an unknown letter", ValueError, () => ops.einsum("i->j", of(2)), `"j" is in no tensor`],
  ["twice", ValueError, () => ops.einsum("i->ii", of(2)), `the result has "i" twice`],
  ["arrows", ValueError, () => ops.einsum("i->i->i", of(2)), "more than one arrow"],
  ["sizes", ShapeError, () => ops.einsum("i,i", of(2), of(3)), `axis "i" has sizes 2 and 3`],
  ["inv", ShapeError, () => ops.inv(of(2, 3)), "inv: it takes square matrices [..., n, n]"],
  ["det", ShapeError, () => ops.det(of(2)), "det: it takes matrices [..., m, n]"],
  ["solve", ShapeError, () => ops.solve(of(2, 2), of(3, 1)), "right side does not fit the matrix"],
  ["cholesky", ShapeError, () => ops.cholesky(of(2, 3)), "square matrices"],
  [
    "a triangle",
    ShapeError,
    () => ops.solveTriangular(of(2, 2), of(3, 2), { upper: true }),
    "Axis -2",
  ],
  ["qr mode", ValueError, () => ops.qr(of(2, 2), "full" as never), 'unknown mode "full"'],
  ["a large qr", ShapeError, () => ops.qr(of(100, 100)), "100 by 100 is too large"],
  ["a large eigh", ShapeError, () => ops.eigh(of(46, 46)), "up to 45 rows"],
  ["UPLO", ValueError, () => ops.eigh(of(2, 2), "X" as never), 'unknown triangle "X"'],
  ["a large svd", ShapeError, () => ops.svd(of(46, 46)), "45 by 45"],
  ["lstsq", ShapeError, () => ops.lstsq(of(3, 2), of(2, 1)), "both need as many rows"],
  ["a norm", ValueError, () => ops.matrixNorm(of(2, 2), 3), "unknown order 3"],
  ["its axes", ShapeError, () => ops.matrixNorm(of(2, 2), 1, [0, 0]), "two different axes"],
  ["of axes", ShapeError, () => ops.linalg.norm(of(2, 2, 2), 1), "Name the axes"],
  ["tolerance", ValueError, () => ops.pinv(of(2, 2), { rtol: -1 }), "tolerances are at least 0"],
];

describe("a wrong call", () => {
  it.each(cases)("%s throws %s at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

/** What only the data tell rejects the next awaited call. */
async function rejects(device: Device): Promise<void> {
  const singular = ops.tensor([1, 2, 2, 4], { shape: [2, 2], device });
  const indefinite = ops.tensor([1, 2, 2, 1], { shape: [2, 2], device });
  await expect(ops.inv(singular).data()).rejects.toThrow(LinAlgError);
  await expect(ops.solve(singular, singular).data()).rejects.toThrow("a matrix is singular");
  await expect(ops.cholesky(indefinite).data()).rejects.toThrow("not positive definite");
  // Two kinds in one plan: each launch has flags of its own.
  const index = ops.cast(ops.tensor([0.2, 7.9], { device }), "int32");
  const both = ops.add(ops.take(indefinite, index), ops.cholesky(indefinite));
  await expect(both.data()).rejects.toThrow(/index outside|positive definite/);
  expect(await ops.det(singular).item()).toBeCloseTo(0, 9);
}

describe("a matrix that a decomposition cannot take", () => {
  it("rejects the next awaited call on the cpu", () => rejects(recorder.device as Device));

  it("rejects the next awaited call on a GPU", async () => {
    const device = await openAdapter(await findAdapter());
    await rejects(device);
    device.destroy();
  });
});
