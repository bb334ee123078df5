import { describe, expect, it } from "vitest";
import { matmulTexts } from "../../kernels/matmul/matmul.ts";
import { unitMatmul } from "../../kernels/matmul/subgroupMatrix.ts";
import type { MatrixUnit, Variant } from "../../src/core/ir.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { add, matmul, permute, relu, sum, tensor } from "../../src/ops/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";
import { emulateMatrices } from "../suite/emulatedMatrices.ts";

interface Case {
  /** Batch, rows, columns and length of the sums. */
  readonly sizes: readonly [number, number, number, number];
  readonly ta?: boolean;
  readonly tb?: boolean;
  /** Adds a bias and clips, in the same launch. */
  readonly epilogue?: boolean;
  /** Sums an operand over k, in the same launch. */
  readonly absorb?: "a" | "b";
}

const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));

/** The same in float64, with plain loops. */
function wanted({ sizes: [z, m, n, k], ta, tb, epilogue, absorb }: Case) {
  const [a, b, bias] = [numbers(z * m * k, 1), numbers(z * k * n, 2), numbers(n, 3)];
  const left = (s: number, i: number, l: number) => a[s * m * k + (ta ? l * m + i : i * k + l)]!;
  const right = (s: number, l: number, j: number) => b[s * k * n + (tb ? j * k + l : l * n + j)]!;
  const product = Array.from({ length: z * m * n }, (_, at) => {
    const [s, i, j] = [Math.floor(at / m / n), Math.floor(at / n) % m, at % n];
    let total = epilogue ? bias[j]! : 0;
    for (let l = 0; l < k; l++) total += left(s, i, l) * right(s, l, j);
    return epilogue ? Math.max(total, 0) : total;
  });
  const sums = Array.from({ length: absorb === "b" ? n : m }, (_, i) => {
    let total = 0;
    for (let l = 0; l < k; l++) total += absorb === "b" ? right(0, l, i) : left(0, i, l);
    return total;
  });
  return { product, sums };
}

const turned = (t: Tensor): Tensor => (t.rank === 2 ? permute(t, [1, 0]) : permute(t, [0, 2, 1]));

async function got(device: GpuDevice, { sizes: [z, m, n, k], ta, tb, epilogue, absorb }: Case) {
  const lead = z > 1 ? [z] : [];
  const a = tensor(numbers(z * m * k, 1), { shape: [...lead, ...(ta ? [k, m] : [m, k])], device });
  const b = tensor(numbers(z * k * n, 2), { shape: [...lead, ...(tb ? [n, k] : [k, n])], device });
  const bias = tensor(numbers(n, 3), { shape: [n], device });
  const step = compile((x: Tensor, y: Tensor, c: Tensor) => {
    const product = matmul(ta ? turned(x) : x, tb ? turned(y) : y);
    const along = absorb === "b" ? sum(y, [tb ? 1 : 0]) : sum(x, [ta ? 0 : 1]);
    return [epilogue ? relu(add(product, c)) : product, ...(absorb ? [along] : [])];
  });
  const [product, sums] = await step(a, b, bias);
  return { product: await product!.data(), sums: sums === undefined ? null : await sums.data() };
}

function expectClose(values: ArrayLike<number>, truth: readonly number[], k: number): void {
  expect(values.length).toBe(truth.length);
  let worst = 0;
  truth.forEach((t, i) => {
    worst = Math.max(worst, Math.abs(t - values[i]!));
  });
  expect(worst).toBeLessThan(1e-6 * k);
}

/** Ragged sizes in each of the ways an operand can be read, and pieces of k that end within. */
const RAGGED: readonly Case[] = [
  { sizes: [2, 13, 37, 22], tb: true },
  { sizes: [1, 36, 44, 30], ta: true, epilogue: true, absorb: "a" },
  { sizes: [1, 21, 132, 260], tb: true, absorb: "b" },
  { sizes: [1, 33, 10, 24], ta: true, tb: true, absorb: "a" },
];
const THIN: readonly Case[] = [
  { sizes: [1, 1, 9, 300], tb: true, epilogue: true },
  { sizes: [1, 3, 44, 130], absorb: "a" },
  { sizes: [2, 70, 3, 68] },
  { sizes: [1, 52, 4, 36], absorb: "b" },
];
const TINY: readonly Case[] = [{ sizes: [130, 3, 2, 5] }, { sizes: [20, 4, 4, 4], tb: true }];

/** Nearly filling whole subgroups' tiles; the last ones are narrower than one. */
const SUBGROUPS: readonly Case[] = [
  { sizes: [2, 47, 61, 22], tb: true, epilogue: true },
  { sizes: [1, 46, 60, 30], ta: true, epilogue: true, absorb: "a" },
  { sizes: [1, 32, 127, 260], tb: true, absorb: "b" },
  { sizes: [1, 45, 62, 24], ta: true, tb: true, absorb: "a" },
  { sizes: [3, 62, 15, 22], tb: true, epilogue: true },
  { sizes: [1, 62, 14, 30], ta: true, absorb: "a" },
  { sizes: [1, 61, 13, 64], absorb: "b" },
  { sizes: [1, 15, 62, 21], ta: true, absorb: "a" },
];

describe.each([
  { software: true, name: "8x8 4x4", cases: RAGGED },
  { software: true, name: "8x8 8x1", cases: RAGGED.slice(1, 3) },
  { software: true, name: "8x4 4x4", cases: RAGGED },
  { software: true, name: "4x4 4x4", cases: [...RAGGED, ...THIN, ...TINY] },
  { software: true, name: / of /, cases: [{ sizes: [1, 5, 7, 600] }, { sizes: [1, 1, 1, 999] }] },
  { software: true, name: /^16x.* by a subgroup/, cases: SUBGROUPS },
  { software: true, name: /^(16x16|8x32) by a subgroup/, cases: SUBGROUPS },
  { software: true, name: /^8x.* by a subgroup/, cases: SUBGROUPS },
  { software: false, name: "block 128", cases: RAGGED.slice(1, 3) },
  { software: false, name: "block 64", cases: RAGGED.slice(1, 3) },
  { software: false, name: "block 32", cases: RAGGED },
  { software: false, name: "block 16", cases: RAGGED.slice(1, 3) },
  { software: false, name: "4x4 8x8", cases: [...RAGGED.slice(1, 3), ...TINY] },
  { software: false, name: / of \d+( across)?$/, cases: THIN },
  { software: false, name: /subgroups/, cases: THIN },
])("matmul by $name (software: $software)", ({ software, name, cases }) => {
  it("gives the product, its epilogue and the sums", async () => {
    let chosen = 0;
    const choose = <V extends Variant>(_: string, variants: readonly V[]): V => {
      const found = variants.find((v) =>
        name instanceof RegExp ? name.test(v.name) : v.name === name,
      );
      if (found) chosen++;
      return found ?? variants[0]!;
    };
    const limits = { software, choose, quickStart: false };
    const device = await openAdapter(await findAdapter(), { limits });
    for (const test of cases as readonly Case[]) {
      const [truth, values] = [wanted(test), await got(device, test)];
      const k = test.sizes[3];
      expectClose(values.product, truth.product, k);
      if (values.sums !== null) expectClose(values.sums, truth.sums, k);
    }
    expect(chosen).toBeGreaterThan(0);
    device.destroy();
  }, 120_000);
});

/** Blocks in the middle and at both edges, and pieces of k that end within. */
const MATRICES: readonly Case[] = [
  { sizes: [1, 64, 64, 32] },
  { sizes: [2, 47, 61, 22], tb: true, epilogue: true },
  { sizes: [1, 46, 60, 30], ta: true, epilogue: true, absorb: "a" },
  { sizes: [1, 32, 127, 100], tb: true, absorb: "b" },
  { sizes: [1, 45, 62, 24], ta: true, tb: true, absorb: "a" },
  { sizes: [1, 61, 13, 64], absorb: "b" },
];

describe("matmul by subgroup matrices", () => {
  const matmul: MatrixUnit["matmul"] = (...product) => unitMatmul(matmulTexts, ...product);
  const unit = { size: 8, lanes: 32, matmul };

  it("gives the product, its epilogue and the sums, where they are emulated", async () => {
    const limits = { software: false, matrixUnit: unit };
    const device = await openAdapter(await findAdapter(), { limits });
    const texts = emulateMatrices(device);
    for (const test of MATRICES) {
      const [truth, values] = [wanted(test), await got(device, test)];
      expectClose(values.product, truth.product, test.sizes[3]);
      if (values.sums !== null) expectClose(values.sums, truth.sums, test.sizes[3]);
    }
    expect(texts.length).toBeGreaterThanOrEqual(MATRICES.length);
    await checkByDawn(texts);
    device.destroy();
  }, 120_000);
});

/** Dawn's null backend checks texts with features that no adapter here has. */
async function checkByDawn(texts: readonly string[]): Promise<void> {
  const { create } = await import("webgpu");
  const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = (await gpu.requestAdapter())!;
  const names = ["chromium-experimental-subgroup-matrix", "subgroups"] as GPUFeatureName[];
  const device = await adapter.requestDevice({ requiredFeatures: names });
  for (const code of texts) {
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.filter(({ type }) => type === "error")).toEqual([]);
  }
  device.destroy();
}
