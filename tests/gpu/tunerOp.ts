import { gridFor, linearIndex, sizeClass } from "../../kernels/kernel.ts";
import type { KernelCall, KernelSource, Variant } from "../../src/core/ir.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { uniform } from "../../src/ops/samples.ts";
import { defineOp, floating, kernel } from "../../src/tensor/op.ts";

interface Way extends Variant {
  /** WGSL of what is added to x: unlike a real kernel's variants these tell which one ran. */
  readonly added: string;
}

const WAYS: Record<string, Way> = {
  one: { name: "one", added: "1.0" },
  two: { name: "two", added: "2.0" },
  three: { name: "three", added: "3.0" },
  broken: { name: "broken", added: "noSuchFunction()" },
  worse: { name: "worse", added: "neitherThisOne()" },
};

const THREADS = 64;

function source({ attrs, inputs: [x], outputs: [out], target }: KernelCall): KernelSource {
  const size = sizeOf(out!.shape);
  const offered = (attrs.ways as string[]).map((name) => WAYS[name]!);
  const { name, added } = target.choose(`ways ${sizeClass(size)}`, offered);
  const workgroups = gridFor(Math.ceil(size / THREADS), target);
  return {
    label: `way ${name}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups,
    body: `let i = ${linearIndex(workgroups, THREADS)};
if (i < ${size}u) { ${out!.store(["i"], `${x!.at(["i"])} + ${added}`)} }`,
  };
}

/** x plus the number of the variant that runs, among those that `ways` names. x is flat. */
export const numbered = defineOp<1, { readonly ways: readonly string[] }>({
  name: "numbered",
  arity: 1,
  shape: ([x]) => x!,
  dtype: floating,
  forward: kernel({
    family: "numbered",
    outputs: (_, [x]) => [x!],
    strided: () => false,
    source,
    reference: ({ inputs: [x], outputs: [spec], create }) => {
      const out = create(spec!);
      x!.data.forEach((value, i) => {
        out[i] = value + 1;
      });
      return [out];
    },
  }),
  vjp: ({ g }) => [g],
  derivative: ["g"],
  samples: () => [[uniform([4], 0, 1), { ways: ["one"] }]],
});
