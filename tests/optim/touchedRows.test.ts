import { init, optim, tensor, Variable } from "tapegrad";
import { expect, it } from "vitest";

/** Rows of seven begin where no four neighbours do; each step has a gradient in one place. */
it.each(["cpu", "webgpu"] as const)(
  "SparseAdam sees the one row a step touches on %s",
  async (kind) => {
    const device = await init({ device: kind });
    const size = 28;
    for (let place = 0; place < size; place++) {
      const table = new Variable(tensor(new Float32Array(size).fill(1), { shape: [4, 7] }), {
        requiresGrad: true,
      });
      const optimizer = new optim.SparseAdam([table], { lr: 0.5 });
      const mask = Float32Array.from({ length: size }, (_, i) => Number(i === place));
      table
        .mul(tensor(mask, { shape: [4, 7] }))
        .sum()
        .backward();
      await optimizer.step();
      // Adam's first step is the rate, whatever the gradient; elsewhere it is 0.
      const wanted = Array.from(mask, (m) => 1 - 0.5 * m);
      for (const [i, value] of (await table.data()).entries()) {
        expect(value).toBeCloseTo(wanted[i]!, 5);
      }
    }
    device.destroy();
  },
);
