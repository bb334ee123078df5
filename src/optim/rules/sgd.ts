import { ValueError } from "../../core/errors.ts";
import { add, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { eq, where } from "../../ops/elementwise/compare.ts";
import { defineOptimizer } from "../optimizer.ts";
import { anyNumber, nonNegative } from "../rule.ts";
import { ascended, decayed } from "./common.ts";

/**
 * Stochastic gradient descent with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013),
 * in PyTorch's form: v ← μ v + (1 - τ) g, p ← p - lr v, or p ← p - lr (g + μ v) for Nesterov.
 * At the first step v = g. `weightDecay` λ adds λ p to g; `maximize` climbs.
 */
export const SGD = defineOptimizer({
  name: "SGD",
  defaults: {
    lr: 1e-3,
    momentum: 0,
    dampening: 0,
    nesterov: false,
    weightDecay: 0,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    momentum: nonNegative,
    dampening: anyNumber,
    weightDecay: nonNegative,
  },
  check({ nesterov, momentum, dampening }) {
    if (!nesterov || (momentum > 0 && dampening === 0)) return;
    throw new ValueError(
      "SGD: nesterov needs a positive momentum without dampening; " +
        `got momentum ${momentum}, dampening ${dampening}. Change these options.`,
    );
  },
  flags: ({ momentum, nesterov, weightDecay, maximize }) => ({
    momentum: momentum !== 0,
    nesterov,
    decay: weightDecay !== 0,
    maximize,
  }),
  slots: ({ momentum }) => (momentum ? ["v"] : []),
  scalars: ({ lr, momentum, dampening, weightDecay }, t) => ({
    lr,
    mu: momentum,
    rest: t === 1 ? 1 : 1 - dampening,
    later: 1 - dampening,
    decay: weightDecay,
  }),
  scalarsOf: (t, { later }) => ({ rest: where(eq(t, 1), 1, later) }),
  rule({ p, g, v }, { lr, mu, rest, decay }, { momentum, nesterov, decay: decays, maximize }) {
    const d = decayed(ascended(g, maximize), p, decay, decays);
    if (!momentum) return { p: sub(p, mul(lr, d)) };
    const next = add(mul(mu, v), mul(rest, d));
    const step = nesterov ? add(d, mul(mu, next)) : next;
    return { p: sub(p, mul(lr, step)), v: next };
  },
});
