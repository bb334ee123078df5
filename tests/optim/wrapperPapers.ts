import { norm } from "./paper.ts";

type Gradient = (p: readonly number[]) => number[];

/** Wrappers around gradient descent: one step (the `t`-th) of the rate `lr`. */
export const wrapped: Readonly<
  Record<
    string,
    (p: number[], gradient: Gradient, t: number, state: Record<string, number[]>) => void
  >
> = {
  Lookahead(p, gradient, t, s) {
    s.slow ??= [...p];
    descend(p, gradient(p));
    if (t % 5 !== 0) return;
    for (const i of p.keys()) {
      s.slow[i] += 0.5 * (p[i] - s.slow[i]);
      p[i] = s.slow[i];
    }
  },

  SAM(p, gradient) {
    const g = gradient(p);
    const size = norm(g);
    descend(p, gradient(p.map((x, i) => x + (0.05 * g[i]) / size)));
  },

  ASAM(p, gradient) {
    const g = gradient(p);
    const scale = p.map((x) => Math.abs(x) + 0.01);
    const size = norm(g.map((x, i) => scale[i] * x));
    descend(p, gradient(p.map((x, i) => x + (0.5 * scale[i] ** 2 * g[i]) / size)));
  },
};

export const WRAPPED_RATE = 1e-3;
function descend(p: number[], g: readonly number[]): void {
  for (const i of p.keys()) p[i] -= WRAPPED_RATE * g[i];
}
