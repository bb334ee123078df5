import type { AttentionAttrs, Extra } from "../../../kernels/attention/attentionShape.ts";
import { booleans, exactly, type SampleInput, uniform } from "../samples.ts";

type Sample = [...SampleInput[], AttentionAttrs];

const attrs = (extra: Extra, other: Partial<AttentionAttrs> = {}): AttentionAttrs => ({
  scale: 0.5,
  causal: false,
  rows: 0,
  packed: false,
  ...other,
  extra,
});

export const attentionSamples = (): Sample[] => [
  [uniform([3, 2]), uniform([4, 2]), uniform([4, 5]), attrs("none")],
  [
    uniform([2, 3, 2, 4]),
    uniform([2, 5, 2, 4]),
    uniform([2, 5, 2, 3]),
    booleans([2, 2, 3, 5]),
    attrs("allowed", { rows: 1, causal: true }),
  ],
  [
    uniform([2, 3, 4], -2, 2, "transposed"),
    uniform([2, 2, 4]),
    uniform([2, 2, 4]),
    exactly([2, 3, 2], [0, 1, 0, 0, 1, 1], "bool"),
    attrs("blocked", { rows: 1 }),
  ],
  [
    uniform([1, 2, 3], -2, 2, "transposed"),
    uniform([1, 3, 3]),
    uniform([1, 3, 1]),
    uniform([1, 2, 3]),
    attrs("bias", { rows: 1, scale: 1 }),
  ],
  [uniform([3, 3, 2, 4]), exactly([2, 3, 3], [2, 0.5, -1, 1.5, 2]), packed("factor")],
  [uniform([2, 2, 3, 1, 2]), attrs("none", { rows: 0, packed: true, causal: true })],
];

const packed = (extra: Extra): AttentionAttrs => attrs(extra, { packed: true });

/** With a gradient of the result before the inputs. */
export const attentionBackwardSamples = (): Sample[] =>
  attentionSamples().map((sample) => {
    const [first] = sample as SampleInput[];
    const { packed: one } = sample.at(-1) as AttentionAttrs;
    const queries = one ? first!.shape.toSpliced(-3, 1) : first!.shape;
    const width = one ? queries.at(-1)! : (sample[2] as SampleInput).shape.at(-1)!;
    return [uniform([...queries.slice(0, -1), width], -1, 1), ...sample] as Sample;
  });
