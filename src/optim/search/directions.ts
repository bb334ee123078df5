import { add, div, mul, neg, sub } from "../../ops/elementwise/arithmetic.ts";
import { maximum } from "../../ops/elementwise/extrema.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { computed, kept, read } from "./parameterVector.ts";

/** The step before: where it led, from which gradient, and how far. */
export interface LastStep {
  readonly direction: Tensor;
  readonly t: number;
  readonly gradient: Tensor;
  /** The derivative along the direction, where it began. */
  readonly slope: number;
}

/** Chooses where to search next; `last` is null at the start. */
export interface Direction {
  /** Its directions have about the right length: searches begin there. */
  readonly hasLength?: true;
  next(gradient: Tensor, last: LastStep | null): Promise<Tensor>;
}

export const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));

/** Straight down: -g. */
export const steepest = (): Direction => ({ next: async (gradient) => kept(neg(gradient)) });

export type Conjugacy = "FR" | "PR+" | "HS";

/** β of the conjugate directions, from the gradients before and after and their difference. */
const betas: Readonly<Record<Conjugacy, (g: Tensor, last: LastStep) => Tensor>> = {
  FR: (g, { gradient }) => div(dot(g, g), dot(gradient, gradient)),
  "PR+": (g, { gradient }) => maximum(div(dot(g, sub(g, gradient)), dot(gradient, gradient)), 0),
  HS: (g, { gradient, direction }) => {
    const change = sub(g, gradient);
    return div(dot(g, change), dot(direction, change));
  },
};

/**
 * Nonlinear conjugate gradients: d ← -g + β d, with β of Fletcher & Reeves (1964), of Polak & Ribière
 * (1969) cut off at 0 (Powell 1984), or of Hestenes & Stiefel (1952). Begins anew where d is no
 * descent, and after as many steps as there are parameters.
 */
export function conjugate(kind: Conjugacy): Direction {
  let steps = 0;
  return {
    async next(gradient, last) {
      const restart = last === null || steps >= gradient.size;
      steps = restart ? 1 : steps + 1;
      if (restart) return kept(neg(gradient));
      const direction = kept(sub(mul(betas[kind](gradient, last), last.direction), gradient));
      const [slope] = await read(dot(gradient, direction));
      if (slope < 0) return direction;
      steps = 1;
      return kept(neg(gradient));
    },
  };
}

/** One step of the memory: s, y and 1 / (y · s). */
interface Pair {
  readonly s: Tensor;
  readonly y: Tensor;
  readonly rho: Tensor;
}

/** Pairs with less curvature than this would make the approximation indefinite. */
const LEAST_CURVATURE = 1e-10;

/**
 * L-BFGS's direction, -H g by the two-loop recursion over the last `history` steps (Nocedal 1980;
 * Nocedal & Wright 2006, Algorithm 7.4), with H0 = (s · y) / (y · y).
 */
export function quasiNewton(history: number): Direction {
  const pairs: Pair[] = [];
  let scale: Tensor | null = null;
  return {
    hasLength: true,
    async next(gradient, last) {
      if (last === null) {
        pairs.length = 0;
        scale = null;
        return kept(neg(gradient));
      }
      const s = kept(mul(last.direction, last.t));
      const y = kept(sub(gradient, last.gradient));
      const curvature = dot(y, s);
      const [ys] = await read(curvature);
      if (ys > LEAST_CURVATURE) {
        if (pairs.length === history) pairs.shift();
        pairs.push({ s, y, rho: kept(div(1, curvature)) });
        scale = kept(div(curvature, dot(y, y)));
      }
      return twoLoops(gradient, pairs, scale);
    },
  };
}

/** One plan for each pair, the same each time: a plan of all of them would be another each step. */
async function twoLoops(
  gradient: Tensor,
  pairs: readonly Pair[],
  scale: Tensor | null,
): Promise<Tensor> {
  let q = neg(gradient);
  const alphas = new Map<Pair, Tensor>();
  for (const pair of [...pairs].reverse()) {
    const alpha = mul(pair.rho, dot(pair.s, q));
    q = sub(q, mul(alpha, pair.y));
    alphas.set(pair, kept(alpha));
    await computed(q);
  }
  let r = scale === null ? q : mul(scale, q);
  for (const pair of pairs) {
    const beta = mul(pair.rho, dot(pair.y, r));
    r = add(r, mul(pair.s, sub(alphas.get(pair)!, beta)));
    await computed(r);
  }
  return r;
}
