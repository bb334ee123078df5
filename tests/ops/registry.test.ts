import { describe, expect, it } from "vitest";
import "../../src/ops/index.ts";
import { registry } from "../../src/tensor/op.ts";

describe("every op", () => {
  it("has a name of its own", () => {
    const names = registry.map((op) => op.name);
    expect(new Set(names).size).toBe(names.length);
  });

  for (const op of registry) {
    it(`${op.name} has samples, and a derivative or a reason why not`, () => {
      expect(op.samples().length).toBeGreaterThan(0);
      expect(op.derivative.length).toBeGreaterThan(0);
      if (op.vjp === null) expect(op.nondifferentiable).toMatch(/\w+ \w+/);
    });
  }
});
