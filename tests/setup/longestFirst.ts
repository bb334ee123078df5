import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take long, longest first: begun last, they would leave a core with nothing to do. */
const LONGEST = [
  "tests/oracle.test.ts",
  "tests/ops.test.ts",
  "tests/tensor/fuzz.test.ts",
  "tests/opsElsewhere.test.ts",
  "tests/autodiff/vmapEveryOp.test.ts",
  "tests/examples/digits.test.ts",
  "tests/examples/models.test.ts",
  "tests/examples/train.test.ts",
  "tests/tensor/memory.test.ts",
  "tests/ops/conv.test.ts",
  "tests/examples/page.test.ts",
];

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return at < 0 ? LONGEST.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
