import { parse } from "@ts-graphviz/ast";
import { describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { explain } from "../../src/autodiff/explain.ts";
import { type Tape, type TapeEntry, tape } from "../../src/autodiff/tape.ts";
import "../../src/autodiff/transforms.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { sum } from "../../src/ops/index.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { applySample } from "../suite/inputs.ts";

const device = new CpuDevice({ precision: "float64" });

/** The op on its first sample that is differentiated and has elements. */
function sampleOf(op: RegisteredOp): { out: Tensor; leaves: readonly Tensor[] } | null {
  for (const sample of op.samples()) {
    const applied = applySample(op, sample, device, true);
    if (applied.out.requiresGrad && sizeOf(applied.out.shape) > 0) return applied;
  }
  return null;
}

/** What is wrong with how an entry shows its derivative. */
function wrongOf(entry: TapeEntry): string[] {
  return entry.inputs.flatMap(({ name, outgoing, formula, shape }) => {
    if (outgoing === null) return [];
    const says = formula.length > 0 && formula !== "none";
    const fits = outgoing.shape.join() === shape.join();
    return says && fits ? [] : [`${entry.op} to ${name}: "${formula}" ${outgoing.shape} ${shape}`];
  });
}

/** The largest difference between a gradient and the sum of what the uses add to it. */
async function largestGap({ entries, sources }: Tape): Promise<number> {
  let gap = 0;
  const parts = [
    ...entries.map((e) => ({ total: e.incoming, uses: e.contributions })),
    ...sources.map((s) => ({ total: s.gradient, uses: s.contributions })),
  ];
  for (const { total, uses } of parts) {
    if (total === null || uses.length === 0) continue;
    const [whole, ...each] = await Promise.all(
      [total, ...uses.map((u) => u.gradient)].map((t) => t.data()),
    );
    whole!.forEach((value, i) => {
      const added = each.reduce((s, part) => s + part[i]!, 0);
      if (!Object.is(value, added)) gap = Math.max(gap, Math.abs(value - added));
    });
  }
  return gap;
}

describe("the tape of every differentiable op", () => {
  for (const op of registry) {
    if (op.vjp === null || sampleOf(op) === null) continue;
    it(op.name, async () => {
      let leaves: readonly Tensor[] = [];
      const t = tape(() => {
        const applied = sampleOf(op)!;
        leaves = applied.leaves.filter((leaf) => leaf.requiresGrad);
        return sum(applied.out);
      });
      if (op.sampleCall === undefined) expect(t.entries.map((e) => e.op)).toContain(op.name);
      expect(t.entries.flatMap(wrongOf)).toEqual([]);
      expect(await largestGap(t)).toBeLessThan(1e-9);
      expect(() => parse(t.toDot())).not.toThrow();
      expect(JSON.parse(JSON.stringify(t)).entries.length).toBe(t.length);
      const explained = t.leaves.map(({ tensor, name }) => {
        const explanation = explain(t, { parameter: tensor });
        expect(String(explanation)).toContain(`dL/d(${name})`);
        return { tensor, gradient: explanation.gradient };
      });
      backward(t.output);
      for (const { tensor, gradient } of explained) {
        const leaf = leaves.find((l) => l.node === tensor.node)!;
        expect(await gradient.data()).toEqual(await leaf.grad!.data());
      }
    });
  }
});
