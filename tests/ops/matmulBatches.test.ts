import { describe, expect, it } from "vitest";
import { matmul, tensor } from "../../src/ops/index.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));

describe("a batch longer than one dimension of a grid", () => {
  it.each([true, false])("goes on along another (software: %s)", async (software) => {
    const limits = { maxWorkgroupsPerDimension: 4, software, quickStart: false };
    const device = await openAdapter(await findAdapter(), { limits });
    const [a, b] = [numbers(10 * 5 * 6), numbers(10 * 6 * 7)];
    const x = tensor(a, { shape: [10, 5, 6], device });
    const y = tensor(b, { shape: [10, 6, 7], device });
    const got = await matmul(x, y).data();
    for (const [at, value] of got.entries()) {
      const [z, i, j] = [Math.floor(at / 35), Math.floor((at % 35) / 7), at % 7];
      let wanted = 0;
      for (let k = 0; k < 6; k++) wanted += a[z * 30 + i * 6 + k]! * b[z * 42 + k * 7 + j]!;
      expect(value).toBeCloseTo(wanted, 4);
    }
    device.destroy();
  });
});
