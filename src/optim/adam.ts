import { add, div, mul, square, sub } from "../ops/elementwise/arithmetic.ts";
import { sqrt } from "../ops/elementwise/elementwise.ts";
import { checkOption, defineOptimizer } from "./optimizer.ts";

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1):
 * m ← β1 m + (1 - β1) g, v ← β2 v + (1 - β2) g², p ← p - lr (m / c1) / (√(v / c2) + ε) with
 * c = 1 - βᵗ. `weightDecay` λ adds λ p to g (L2; see AdamW for decoupled decay).
 */
export const Adam = defineOptimizer({
  name: "Adam",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
  state: ["m", "v"],
  check: (o) => checkAdam("Adam", o),
  scalars: (o, t) => ({ ...adamScalars(o, t), decay: o.weightDecay }),
  rule({ p, g, m, v }, s, { weightDecay }) {
    const d = weightDecay === 0 ? g : add(g, mul(s.decay, p));
    const next = moments(d, m, v, s);
    return { p: sub(p, adamStep(next, s)), ...next };
  },
});

interface AdamOptions {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export function checkAdam(name: string, o: AdamOptions): void {
  checkOption(name, "lr", o.lr, o.lr >= 0, "at least 0");
  checkOption(name, "beta1", o.beta1, o.beta1 >= 0 && o.beta1 < 1, "at least 0 and below 1");
  checkOption(name, "beta2", o.beta2, o.beta2 >= 0 && o.beta2 < 1, "at least 0 and below 1");
  checkOption(name, "eps", o.eps, o.eps >= 0, "at least 0");
  checkOption(name, "weightDecay", o.weightDecay, o.weightDecay >= 0, "at least 0");
}

/** 1 - β and the corrections 1 - βᵗ lose digits in float32: they come from the host. */
export const adamScalars = ({ lr, beta1, beta2, eps }: AdamOptions, t: number) => ({
  lr: lr / (1 - beta1 ** t),
  beta1,
  rest1: 1 - beta1,
  beta2,
  rest2: 1 - beta2,
  root2: 1 / Math.sqrt(1 - beta2 ** t),
  eps,
});

type Tensor = ReturnType<typeof add>;
type Scalars = Record<keyof ReturnType<typeof adamScalars>, Tensor>;

export const moments = (g: Tensor, m: Tensor, v: Tensor, s: Scalars) => ({
  m: add(mul(s.beta1, m), mul(s.rest1, g)),
  v: add(mul(s.beta2, v), mul(s.rest2, square(g))),
});

export const adamStep = ({ m, v }: { m: Tensor; v: Tensor }, s: Scalars): Tensor =>
  mul(s.lr, div(m, add(mul(sqrt(v), s.root2), s.eps)));
