import {
  type AttentionAttrs,
  attentionShape,
  type Extra,
} from "../../../kernels/attention/attentionShape.ts";
import { promote } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { where } from "../elementwise/compare.ts";
import { expand } from "../movement/movement.ts";
import type { Generator } from "../random/generator.ts";
import { bernoulli, dropout } from "../random/random.ts";
import { attention } from "./attentionOps.ts";
import { attentionWeights, composedAttention, weighted } from "./composition.ts";

/** What `attend` is told beside q, k and v. */
export interface Attending {
  /** The axis of q, k and v along which queries and keys lie. */
  readonly rows: number;
  readonly scale: number;
  readonly causal?: boolean;
  /** Broadcasts to [...problems, L, S]; the kind says what it means. */
  readonly mask?: { readonly kind: Exclude<Extra, "none" | "factor">; readonly of: Tensor } | null;
  /** The probability with which a weight is dropped. */
  readonly dropout?: number;
  readonly generator?: Generator | undefined;
}

/**
 * Wider rows do not fit the registers of the kernels. On a software adapter matrix products, whose
 * threads reuse what they load more often, win sooner.
 */
const widestOn = (device: Device): number =>
  device.kind === "webgpu" && device.target.software ? 16 : 128;

/** Attention over [q, k, v], or over one tensor [..., 3, H, E] that holds all three. */
export function attend(values: readonly Tensor[], call: Attending): Tensor {
  const { inputs, attrs } = prepared(values, call);
  const shapes = inputs.map((x) => x.shape);
  const shape = attentionShape(shapes, attrs);
  const p = call.dropout ?? 0;
  if (p === 1) return mul(attend(values, { ...call, dropout: 0 }), 0);
  if (p > 0 && attrs.extra === "bias") return droppedWeights(inputs, attrs, call);
  const [all, known] = p > 0 ? withFactors(inputs, attrs, call) : [inputs, attrs];
  const sizes = [...shape.problems, shape.queries, shape.keys, shape.width, shape.valueWidth];
  const widest = widestOn(values[0]!.device);
  const fits = sizeOf(sizes) > 0 && Math.max(shape.width, shape.valueWidth) <= widest;
  return fits ? attention(all, known) : composedAttention(all, known);
}

/** The weights by which the values are summed [...problems, L, S], without dropout. */
export function weightsOf(values: readonly Tensor[], call: Attending): Tensor {
  const { inputs, attrs } = prepared(values, call);
  return attentionWeights(inputs, attrs);
}

/** The op's inputs: one dtype, and a mask of full size. */
function prepared(values: readonly Tensor[], call: Attending) {
  const { rows, scale, causal = false, mask } = call;
  const packed = values.length === 1;
  const attrs: AttentionAttrs = { rows, scale, causal, packed, extra: mask?.kind ?? "none" };
  const dtype = values.map((x) => x.dtype).reduce(promote);
  const inputs = values.map((x) => cast(x, dtype));
  if (mask !== null && mask !== undefined) inputs.push(expand(mask.of, pairShape(inputs, attrs)));
  return { inputs, attrs };
}

function pairShape(inputs: readonly Tensor[], attrs: AttentionAttrs): number[] {
  const shapes = inputs.map((x) => x.shape);
  const { problems, queries, keys } = attentionShape(shapes, attrs);
  return [...problems, queries, keys];
}

/** Dropout inside the kernels: factors 1 / (1 - p) or 0, and what a mask hides in the same tensor. */
function withFactors(
  inputs: readonly Tensor[],
  attrs: AttentionAttrs,
  { dropout: p = 0, generator }: Attending,
): [Tensor[], AttentionAttrs] {
  const { device } = inputs[0]!;
  const kept = bernoulli(1 - p, pairShape(inputs, attrs), { device, generator });
  const factors = where(kept, 1 / (1 - p), 0);
  const values = inputs.slice(0, attrs.packed ? 1 : 3);
  const mask = inputs[values.length];
  const known = { ...attrs, extra: "factor" as const };
  if (mask === undefined) return [[...values, factors], known];
  const hidden = attrs.extra === "blocked" ? where(mask, -1, factors) : where(mask, factors, -1);
  return [[...values, hidden], known];
}

const droppedWeights = (
  inputs: readonly Tensor[],
  attrs: AttentionAttrs,
  { dropout: p, generator }: Attending,
): Tensor => {
  const options = generator === undefined ? {} : { generator };
  return weighted(dropout(attentionWeights(inputs, attrs), p, true, options), inputs, attrs);
};
