import { add, mul, sub } from "../ops/elementwise/arithmetic.ts";
import { checkOption, defineOptimizer } from "./optimizer.ts";

/**
 * Stochastic gradient descent with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013),
 * in PyTorch's form: v ← μ v + (1 - τ) g, p ← p - lr v, or p ← p - lr (g + μ v) for Nesterov.
 * At the first step v = g. `weightDecay` λ adds λ p to g.
 */
export const SGD = defineOptimizer({
  name: "SGD",
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 },
  state: ({ momentum }) => (momentum === 0 ? [] : ["v" as const]),
  check: (o) => {
    checkOption("SGD", "lr", o.lr, o.lr >= 0, "at least 0");
    checkOption("SGD", "momentum", o.momentum, o.momentum >= 0, "at least 0");
    checkOption("SGD", "dampening", o.dampening, true, "a number");
    checkOption("SGD", "weightDecay", o.weightDecay, o.weightDecay >= 0, "at least 0");
    const plain = o.momentum > 0 && o.dampening === 0;
    if (o.nesterov)
      checkOption(
        "SGD",
        "momentum",
        o.momentum,
        plain,
        "positive, without dampening, for nesterov",
      );
  },
  scalars: ({ lr, momentum, dampening, weightDecay }, t) => ({
    lr,
    mu: momentum,
    rest: t === 1 ? 1 : 1 - dampening,
    decay: weightDecay,
  }),
  rule({ p, g, v }, { lr, mu, rest, decay }, { momentum, nesterov, weightDecay }) {
    const d = weightDecay === 0 ? g : add(g, mul(decay, p));
    if (momentum === 0) return { p: sub(p, mul(lr, d)) };
    const next = add(mul(mu, v), mul(rest, d));
    const step = nesterov ? add(d, mul(mu, next)) : next;
    return { p: sub(p, mul(lr, step)), v: next };
  },
});
