import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { matmul } from "../../ops/linalg/matmul.ts";
import { reshape, transpose } from "../../ops/movement/movement.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative, type Range } from "../rule.ts";
import { updateShaped } from "../updateShaped.ts";
import { ascended, shrunk } from "./common.ts";

const wholeNumber: Range = {
  text: "a whole number, at least 1",
  has: (x) => Number.isInteger(x) && x >= 1,
};

/** Coefficients of the quintic that pulls singular values towards 1, from Muon's authors. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): momentum whose matrix is replaced by
 * the nearest orthogonal one, by `nsSteps` Newton-Schulz iterations X ← a X + (b X Xᵀ + c (X Xᵀ)²) X:
 * m ← μ m + g, p ← p (1 - lr λ) - lr √max(1, rows / columns) · orthogonal(g + μ m). For matrices
 * inside a network (a convolution's weight is one of outputs times the rest); biases, norms,
 * embeddings and the last layer are better off with AdamW.
 */
export const Muon = defineOptimizer({
  name: "Muon",
  defaults: {
    lr: 2e-2,
    momentum: 0.95,
    nesterov: true,
    weightDecay: 0,
    nsSteps: 5,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    momentum: belowOne,
    weightDecay: nonNegative,
    nsSteps: wholeNumber,
  },
  flags: ({ nesterov, nsSteps, maximize }) => ({ nesterov, nsSteps, maximize }),
  accepts: (shape) =>
    shape.length >= 2 ? null : "is no matrix; give it to AdamW, and matrices to Muon",
  slots: () => ["m"],
  shaped: updateShaped,
  scalars: ({ lr, momentum, weightDecay }) => ({ lr, mu: momentum, shrink: lr * weightDecay }),
  rule({ p, g, m }, { lr, mu, shrink }, { nesterov, nsSteps, maximize }) {
    const d = ascended(g, maximize);
    const next = add(mul(mu, m), d);
    const along = nesterov ? add(d, mul(mu, next)) : next;
    const rows = p.shape[0];
    const columns = p.size / rows;
    const direction = orthogonal(reshape(along, [rows, columns]), nsSteps);
    const step = mul(direction, Math.sqrt(Math.max(1, rows / columns)));
    return { p: sub(shrunk(p, shrink), mul(lr, reshape(step, p.shape))), m: next };
  },
});

/** About U Vᵀ of x = U Σ Vᵀ [rows, columns]: singular values between 0.7 and 1.2. */
export function orthogonal(x: Tensor, steps: number): Tensor {
  const [rows, columns] = x.shape;
  // The product with its transpose is formed on the shorter side.
  const wide = rows > columns ? transpose(x) : x;
  let y = div(wide, add(sqrt(sum(square(wide))), 1e-7));
  for (let i = 0; i < steps; i++) {
    const square_ = matmul(y, transpose(y));
    const mixed = add(mul(B, square_), mul(C, matmul(square_, square_)));
    y = add(mul(A, y), matmul(mixed, y));
  }
  return rows > columns ? transpose(y) : y;
}
