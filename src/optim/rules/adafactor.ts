import type { Shape } from "../../core/shape.ts";
import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { rsqrt, sqrt } from "../../ops/elementwise/elementwise.ts";
import { maximum } from "../../ops/elementwise/extrema.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOptimizer } from "../optimizer.ts";
import { anyNumber, nonNegative, positive } from "../rule.ts";
import { updateShaped } from "../updateShaped.ts";
import { ascended, averaged, shrunk } from "./common.ts";

const isMatrix = (shape: Shape): boolean => shape.length >= 2;

/**
 * Adafactor (Shazeer & Stern 2018, arXiv:1804.04235, Algorithm 4 and 5): of a matrix's second
 * moments only the means of rows R and of columns C are kept, V = R C / mean(R), so that state is
 * n + m numbers and not n m. With β2 = 1 - t^decay and U = g / √V:
 * p ← p - max(ε2, rms(p)) min(lr, 1 / √t) U / max(1, rms(U) / d). Higher axes are batches of
 * matrices. `weightDecay` λ is decoupled: p (1 - lr λ).
 */
export const Adafactor = defineOptimizer({
  name: "Adafactor",
  defaults: {
    lr: 1e-2,
    beta2Decay: -0.8,
    eps1: 1e-30,
    eps2: 1e-3,
    d: 1,
    weightDecay: 0,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    beta2Decay: anyNumber,
    eps1: nonNegative,
    eps2: nonNegative,
    d: positive,
    weightDecay: nonNegative,
  },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["rows", "columns", "v"],
  slotShape(slot, shape) {
    if (slot === "v") return isMatrix(shape) ? [1] : shape;
    if (!isMatrix(shape)) return [1];
    return slot === "rows" ? [...shape.slice(0, -1), 1] : [...shape.slice(0, -2), 1, shape.at(-1)!];
  },
  shaped: updateShaped,
  scalars({ lr, beta2Decay, eps1, eps2, d, weightDecay }, t) {
    const rest = t ** beta2Decay;
    const rate = Math.min(lr, 1 / Math.sqrt(t));
    return { rate, beta: 1 - rest, rest, eps1, eps2, d, shrink: lr * weightDecay };
  },
  rule({ p, g, rows, columns, v }, s, { maximize }) {
    const gradient = ascended(g, maximize);
    const squared = add(square(gradient), s.eps1);
    const after: Partial<Record<"rows" | "columns" | "v", Tensor>> = {};
    let update: Tensor;
    if (isMatrix(p.shape)) {
      after.rows = averaged(rows, mean(squared, -1, true), s.beta, s.rest);
      after.columns = averaged(columns, mean(squared, -2, true), s.beta, s.rest);
      const share = div(after.rows, mean(after.rows, -2, true));
      update = mul(gradient, mul(rsqrt(share), rsqrt(after.columns)));
    } else {
      after.v = averaged(v, squared, s.beta, s.rest);
      update = mul(gradient, rsqrt(after.v));
    }
    const rms = (x: Tensor): Tensor => sqrt(mean(square(x)));
    const alpha = mul(maximum(s.eps2, rms(p)), s.rate);
    const clipped = div(update, maximum(1, div(rms(update), s.d)));
    return { p: sub(shrunk(p, s.shrink), mul(alpha, clipped)), ...after };
  },
});
