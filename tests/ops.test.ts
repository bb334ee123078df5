import { describe, expect, it } from "vitest";
import { CpuDevice } from "../src/cpu/device.ts";
import { registry } from "../src/tensor/op.ts";
import { compositions } from "./suite/composed.ts";
import { expectAll } from "./suite/expectAll.ts";
import { runNonFinite } from "./suite/nonFinite.ts";
import { run } from "./suite/program.ts";
import { runOpSuite } from "./suite/suite.ts";

const MINUTES = 60_000;

describe("every sample of every op, and its gradients", () => {
  const oracle = new CpuDevice({ precision: "float64" });

  it("gives on the float32 interpreter what float64 gives", async () => {
    const device = new CpuDevice({ precision: "float32" });
    expectAll([...(await runOpSuite(device, oracle)), ...(await runNonFinite(device, oracle))]);
  });

  it(
    "gives on WebGPU in Node what float64 gives",
    async () => {
      const { device, results } = await run();
      const composed = compositions().length;
      console.log(`${registry.length} ops, ${composed} compositions, ${results.length} checks`);
      console.log(device);
      expectAll(results);
    },
    10 * MINUTES,
  );

  it(
    "gives in the kernels for real GPUs what float64 gives",
    async () => {
      const { results } = await run({ hardware: true });
      expectAll(results, 300);
    },
    10 * MINUTES,
  );

  it("notices a wrong result", async () => {
    const wrong = { ok: false, name: "sum sample 0", error: "value: element 0 is 1 instead of 2" };
    expect(() => expectAll([wrong], 1)).toThrow(/element 0 is 1 instead of 2/);
  });
});
