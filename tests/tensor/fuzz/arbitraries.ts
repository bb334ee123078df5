import fc from "fast-check";
import { type Family, families, wrapperNames } from "./draws.ts";
import type { CaseData, GraphData, LeafData, StepData, targets } from "./graphData.ts";

/** Lengths are drawn evenly, and numbers as they come: what is likely, the tables of ops say. */
const evenly = { size: "max" } as const;

const shape = fc.array(fc.constantFrom(2, 4, 1, 3, 4, 8), { maxLength: 4, ...evenly });

const anyShape = fc.oneof(
  { weight: 30, arbitrary: shape },
  // Rarely without elements.
  { weight: 1, arbitrary: fc.constantFrom([0], [2, 0, 3]) },
);

const leaf: fc.Arbitrary<LeafData> = fc.record({
  shape: anyShape,
  dtype: fc.constantFrom("float32", "float32", "float32", "int32", "bool"),
  grad: fc.constantFrom(true, true, true, false),
});

const floatLeaf: fc.Arbitrary<LeafData> = fc.record({
  shape: anyShape,
  dtype: fc.constant("float32"),
  grad: fc.constant(true),
});

/** Leaves of all kinds behind `least` that gradients go to. */
const leavesWith = (least: number): fc.Arbitrary<LeafData[]> =>
  fc
    .tuple(
      fc.array(floatLeaf, { minLength: least, maxLength: least }),
      fc.array(leaf, { maxLength: 2, ...evenly }),
    )
    .map(([first, others]) => [...first, ...others]);

/** The name of a step, by family as often as `weightOf` says; simpler families come first. */
const opBy = (weightOf: (family: Family) => number): fc.Arbitrary<string> =>
  fc.oneof(
    { withCrossShrink: true },
    ...families.map((family) => ({
      weight: weightOf(family),
      arbitrary: fc.constantFrom(...Object.keys(family.draws)),
    })),
  );

const decisions = {
  on: fc.nat(63),
  numbers: fc.oneof(
    { withCrossShrink: true },
    // Shrinking tries the simplest first: every choice the first one.
    { weight: 0, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(63), { minLength: 10, maxLength: 10 }) },
  ),
};

const plainStep: fc.Arbitrary<StepData> = fc.record({ op: opBy((f) => f.weight), ...decisions });

/** Inside a function there is less room: kernels are as likely as anything. */
const innerStep: fc.Arbitrary<StepData> = fc.record({
  op: opBy((f) => Math.min(f.weight, 1)),
  ...decisions,
});

const wrapper: fc.Arbitrary<StepData> = fc.record({
  op: fc.constantFrom(...wrapperNames),
  ...decisions,
  body: fc.array(innerStep, { minLength: 1, maxLength: 6, ...evenly }),
});

const step: fc.Arbitrary<StepData> = fc.oneof(
  { withCrossShrink: true },
  { weight: 10, arbitrary: plainStep },
  { weight: 1, arbitrary: wrapper },
);

const graph = {
  seed: fc.nat(1000),
  steps: fc.array(step, { minLength: 1, maxLength: 13, ...evenly }),
  outputs: fc.array(fc.nat(63), { minLength: 1, maxLength: 3, ...evenly }),
} satisfies { [K in keyof GraphData]?: fc.Arbitrary<GraphData[K]> };

/** The kernels for hardware are large, and a software adapter compiles them slowly. */
const target: fc.Arbitrary<keyof typeof targets> = fc.oneof(
  { withCrossShrink: true },
  { weight: 15, arbitrary: fc.constant("as the adapter is") },
  { weight: 4, arbitrary: fc.constant("with four bindings a kernel") },
  { weight: 1, arbitrary: fc.constant("with the kernels for hardware") },
);

/** Graphs whose outputs and gradients are compared. */
export const valueCases: fc.Arbitrary<CaseData> = fc.record({
  ...graph,
  leaves: leavesWith(1),
  target,
  together: fc.constantFrom(true, true, false),
});

/** Graphs whose leaves are trained. */
export const trainingCases: fc.Arbitrary<CaseData> = fc.record({
  ...graph,
  leaves: leavesWith(2),
  target,
  together: fc.constant(true),
  training: fc.record({ optimizer: fc.constantFrom("sgd", "adam"), clip: fc.boolean() }),
});
