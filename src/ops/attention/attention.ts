import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcast, type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { logicalAnd, where } from "../elementwise/compare.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import type { Generator } from "../random/generator.ts";
import { type Attending, attend } from "./attend.ts";

export interface AttentionOptions {
  /**
   * Broadcasts to [..., L, S]. bool: true where a query may attend to a key, as in PyTorch's
   * function of this name (its modules mean the opposite); float: added to the scores.
   */
  readonly mask?: Tensor | null;
  /** [N, S] bool: true where a key takes part, for all heads and queries of an example. */
  readonly keyMask?: Tensor | null;
  /** Query i attends to keys 0 … i only; together with a mask both hold. */
  readonly isCausal?: boolean;
  /** What scores are multiplied by; 1/√E unless given. */
  readonly scale?: number;
  /** The probability with which a weight is dropped; 0 unless given. */
  readonly dropout?: number;
  /** Dropout acts only in training; the default is true. */
  readonly training?: boolean;
  /** Decides what is dropped; without it that follows `manualSeed`. */
  readonly generator?: Generator;
}

/**
 * softmax(scale · q kᵀ + mask) v, for each example and head. One kernel computes it and one its
 * gradient, without storing the scores; rows wider than 128 (32 on a software adapter), and gradients of a float mask, are
 * composed from other ops. A query that may attend to no key gives zeros. Dropout draws one
 * number for each weight.
 * @param q [..., L, E]  @param k [..., S, E]  @param v [..., S, Ev]; the leading axes (batch, heads)
 *   broadcast  @returns [..., L, Ev]
 * @throws ShapeError when they do not fit, DTypeError when one is not a float or a mask of another
 *   dtype than bool and float, ValueError when dropout is no probability or the scale not finite
 * Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; the kernel: Dao et al. 2022,
 * arXiv:2205.14135.
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const lead = leadingAxes(q, k, v);
  const { isCausal = false, dropout = 0, training = true, generator } = options;
  const { scale = 1 / Math.sqrt(q.shape.at(-1)!) } = options;
  checkNumbers(scale, dropout);
  const mask = combinedMask(options, [...lead, q.shape.at(-2)!, k.shape.at(-2)!]);
  const swap = lead.length >= 2;
  const call: Attending = {
    rows: swap ? lead.length - 1 : lead.length,
    scale,
    causal: isCausal,
    mask,
    dropout: training ? dropout : 0,
    generator,
  };
  const inputs = [q, k, v].map((x) => {
    const full = expand(x, [...lead, ...x.shape.slice(-2)]);
    return swap ? headsInside(full) : full;
  });
  const out = attend(inputs, call);
  return swap ? headsInside(out) : out;
}

/**
 * [..., H, L, E] as [..., L, H, E] and back: the kernel's layout, in which the heads of a position
 * lie side by side, as the layer after it reads them.
 */
function headsInside(x: Tensor): Tensor {
  const { rank } = x;
  const outer = x.shape.map((_, d) => d).slice(0, rank - 3);
  return permute(x, [...outer, rank - 2, rank - 3, rank - 1]);
}

const NAME = "scaledDotProductAttention";
const given = (q: Tensor, k: Tensor, v: Tensor): string =>
  `got q ${show(q.shape)}, k ${show(k.shape)}, v ${show(v.shape)}`;

function leadingAxes(q: Tensor, k: Tensor, v: Tensor): Shape {
  const wrong = (what: string, mend: string) =>
    new ShapeError(`${NAME}: ${what}; ${given(q, k, v)}. ${mend}`);
  for (const [name, x] of Object.entries({ q, k, v })) {
    if (!isFloat(x.dtype)) {
      throw new DTypeError(
        `${NAME}: ${name} is not a float; got dtype ${x.dtype}. Convert it: x.cast("float32").`,
      );
    }
    if (x.rank < 2) throw wrong(`${name} is not [..., length, features]`, "Reshape it.");
  }
  const [e, f] = [q.shape.at(-1)!, k.shape.at(-1)!];
  if (e !== f || e === 0) {
    throw wrong(`queries have ${e} features and keys ${f}`, "Make both equal, and at least 1.");
  }
  const [s, t] = [k.shape.at(-2)!, v.shape.at(-2)!];
  if (s !== t) throw wrong(`there are ${s} keys and ${t} values`, "Give a value for each key.");
  if (s === 0) throw wrong("there are no keys", "Give at least one.");
  return broadcast(
    NAME,
    [q, k, v].map((x) => x.shape.slice(0, -2)),
  );
}

function checkNumbers(scale: number, dropout: number): void {
  if (!Number.isFinite(scale)) {
    throw new ValueError(`${NAME}: the scale is not finite; got ${scale}. Leave it out for 1/√E.`);
  }
  if (!(dropout >= 0 && dropout <= 1)) {
    throw new ValueError(`${NAME}: dropout is not a probability; got ${dropout}. Use 0 to 1.`);
  }
}

/** Both masks as one, for all pairs of shape [...lead, L, S]. */
function combinedMask({ mask, keyMask }: AttentionOptions, pairs: Shape): Attending["mask"] {
  const keys = keyMask ? keysOnly(keyMask, pairs) : null;
  if (!mask) return keys && { kind: "allowed", of: keys };
  if (mask.dtype !== "bool" && !isFloat(mask.dtype)) {
    throw new DTypeError(
      `${NAME}: a mask is bool (true: may attend) or float (added to the scores); got dtype ` +
        `${mask.dtype}. Convert it: mask.cast("bool").`,
    );
  }
  checkFits("mask", mask, pairs);
  if (mask.dtype !== "bool") {
    return { kind: "bias", of: keys ? where(keys, mask, Number.NEGATIVE_INFINITY) : mask };
  }
  return { kind: "allowed", of: keys ? logicalAnd(mask, keys) : mask };
}

function checkFits(name: string, mask: Tensor, pairs: Shape): void {
  const places = pairs.slice(Math.max(0, pairs.length - mask.rank));
  const fits = mask.rank <= pairs.length && mask.shape.every((n, d) => n === 1 || n === places[d]);
  if (fits) return;
  throw new ShapeError(
    `${NAME}: ${name} does not fit the scores; got ${show(mask.shape)} for scores ` +
      `${show(pairs)}. Give it the axes [..., queries, keys], or some that broadcast to them.`,
  );
}

/** [N, S] as [N, 1, …, 1, S]. */
function keysOnly(keyMask: Tensor, pairs: Shape): Tensor {
  if (keyMask.dtype !== "bool") {
    throw new DTypeError(
      `${NAME}: keyMask is not bool; got dtype ${keyMask.dtype}. Convert it: x.cast("bool").`,
    );
  }
  const wanted = pairs.length > 2 ? [pairs[0]!, pairs.at(-1)!] : [pairs.at(-1)!];
  if (!sameShape(keyMask.shape, wanted)) {
    throw new ShapeError(
      `${NAME}: keyMask is not [batch, keys]; got ${show(keyMask.shape)} for scores ` +
        `${show(pairs)}. Give it the shape ${show(wanted)}.`,
    );
  }
  const between = new Array<number>(pairs.length - wanted.length).fill(1);
  return reshape(keyMask, [...wanted.slice(0, -1), ...between, wanted.at(-1)!]);
}
