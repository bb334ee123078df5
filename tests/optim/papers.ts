import { matrixPapers } from "./matrixPapers.ts";
import { norm, type Options, type Paper, zeros } from "./paper.ts";

const sign = Math.sign;

/** Kingma & Ba's moments, which several rules share: m̂ and v̂. */
function adamMoments(
  p: readonly number[],
  g: readonly number[],
  t: number,
  s: Record<string, number[]>,
  { beta1 = 0.9, beta2 = 0.999 }: Options,
) {
  s.m = (s.m ?? zeros(p)).map((m, i) => beta1 * m + (1 - beta1) * g[i]);
  s.v = (s.v ?? zeros(p)).map((v, i) => beta2 * v + (1 - beta2) * g[i] ** 2);
  return { m: s.m.map((m) => m / (1 - beta1 ** t)), v: s.v.map((v) => v / (1 - beta2 ** t)) };
}

/** Update rules as their papers print them, on arrays of numbers in float64. */
export const papers: Readonly<Record<string, Paper>> = {
  SignSGD(p, g, _t, s, { lr, momentum = 0, weightDecay = 0 }) {
    s.m = (s.m ?? zeros(p)).map((m, i) => momentum * m + (1 - momentum) * g[i]);
    for (const i of p.keys()) p[i] = p[i] * (1 - lr * weightDecay) - lr * sign(s.m[i]);
  },

  Lion(p, g, _t, s, { lr, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }) {
    s.m ??= zeros(p);
    for (const i of p.keys()) {
      const c = sign(beta1 * s.m[i] + (1 - beta1) * g[i]);
      p[i] -= lr * (c + weightDecay * p[i]);
      s.m[i] = beta2 * s.m[i] + (1 - beta2) * g[i];
    }
  },

  AdaBelief(p, g, t, st, { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-16, weightDecay = 0 }) {
    st.m ??= zeros(p);
    st.s ??= zeros(p);
    for (const i of p.keys()) {
      st.m[i] = beta1 * st.m[i] + (1 - beta1) * g[i];
      st.s[i] = beta2 * st.s[i] + (1 - beta2) * (g[i] - st.m[i]) ** 2 + eps;
      const [mHat, sHat] = [st.m[i] / (1 - beta1 ** t), st.s[i] / (1 - beta2 ** t)];
      p[i] = p[i] * (1 - lr * weightDecay) - (lr * mHat) / (Math.sqrt(sHat) + eps);
    }
  },

  Yogi(p, gradient, _t, s, o) {
    const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-3, weightDecay = 0 } = o;
    s.m ??= zeros(p);
    s.v ??= p.map(() => o.initialAccumulatorValue ?? 1e-6);
    for (const i of p.keys()) {
      const g = gradient[i] + weightDecay * p[i];
      s.m[i] = beta1 * s.m[i] + (1 - beta1) * g;
      s.v[i] -= (1 - beta2) * sign(s.v[i] - g * g) * g * g;
      p[i] -= (lr * s.m[i]) / (Math.sqrt(s.v[i]) + eps);
    }
  },

  LARS(p, g, _t, s, { lr, momentum = 0.9, weightDecay = 0, trust = 1e-3 }) {
    s.v ??= zeros(p);
    const local = (trust * norm(p)) / (norm(g) + weightDecay * norm(p));
    for (const i of p.keys()) {
      s.v[i] = momentum * s.v[i] + lr * local * (g[i] + weightDecay * p[i]);
    }
    for (const i of p.keys()) p[i] -= s.v[i];
  },

  LAMB(p, g, t, s, o) {
    const { lr, eps = 1e-6, weightDecay = 0 } = o;
    const { m, v } = adamMoments(p, g, t, s, o);
    const u = p.map((x, i) => m[i] / (Math.sqrt(v[i]) + eps) + weightDecay * x);
    const ratio = norm(p) > 0 && norm(u) > 0 ? norm(p) / norm(u) : 1;
    for (const i of p.keys()) p[i] -= lr * ratio * u[i];
  },

  Adan(p, g, t, s, { lr, beta1 = 0.98, beta2 = 0.92, beta3 = 0.99, eps = 1e-8, weightDecay = 0 }) {
    for (const name of ["m", "v", "n"]) s[name] ??= zeros(p);
    const change = g.map((x, i) => (t === 1 ? 0 : x - s.before[i]));
    for (const i of p.keys()) {
      s.m[i] = beta1 * s.m[i] + (1 - beta1) * g[i];
      s.v[i] = beta2 * s.v[i] + (1 - beta2) * change[i];
      s.n[i] = beta3 * s.n[i] + (1 - beta3) * (g[i] + beta2 * change[i]) ** 2;
      const up = s.m[i] / (1 - beta1 ** t) + (beta2 * s.v[i]) / (1 - beta2 ** t);
      const eta = lr / (Math.sqrt(s.n[i] / (1 - beta3 ** t)) + eps);
      p[i] = (p[i] - eta * up) / (1 + lr * weightDecay);
    }
    s.before = [...g];
  },

  ScheduleFree(p, g, t, s, o) {
    const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0, warmupSteps = 0 } = o;
    // p is y, where gradients are taken; x is the average.
    s.z ??= [...p];
    s.x ??= [...p];
    s.v ??= zeros(p);
    s.sum ??= [0];
    const rate = warmupSteps > 0 ? lr * Math.min(1, t / warmupSteps) : lr;
    s.sum[0] += rate ** 2;
    const c = rate ** 2 / s.sum[0];
    for (const i of p.keys()) {
      s.v[i] = beta2 * s.v[i] + (1 - beta2) * g[i] ** 2;
      const step = g[i] / (Math.sqrt(s.v[i] / (1 - beta2 ** t)) + eps) + weightDecay * p[i];
      s.z[i] -= rate * step;
      s.x[i] = (1 - c) * s.x[i] + c * s.z[i];
      p[i] = (1 - beta1) * s.z[i] + beta1 * s.x[i];
    }
  },

  Prodigy(p, g, _t, s, o) {
    const { lr = 1, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, d0 = 1e-6, weightDecay = 0 } = o;
    const root = Math.sqrt(beta2);
    s.first ??= [...p];
    for (const name of ["m", "v", "s"]) s[name] ??= zeros(p);
    s.d ??= [d0];
    s.r ??= [0];
    const d = s.d[0];
    const inner = g.reduce((sum, x, i) => sum + x * (s.first[i] - p[i]), 0);
    s.r[0] = root * s.r[0] + (1 - root) * lr * d * d * inner;
    for (const i of p.keys()) {
      s.s[i] = root * s.s[i] + (1 - root) * lr * d * d * g[i];
      s.m[i] = beta1 * s.m[i] + (1 - beta1) * d * g[i];
      s.v[i] = beta2 * s.v[i] + (1 - beta2) * d * d * g[i] ** 2;
      p[i] = p[i] * (1 - lr * d * weightDecay) - (lr * d * s.m[i]) / (Math.sqrt(s.v[i]) + d * eps);
    }
    s.d[0] = Math.max(d, s.r[0] / s.s.reduce((sum, x) => sum + Math.abs(x), 0));
  },

  SGLD(p, g, _t, _s, { lr, weightDecay = 0 }) {
    // Without noise: at temperature 0.
    for (const i of p.keys()) p[i] -= (lr / 2) * (g[i] + weightDecay * p[i]);
  },

  SparseAdam(p, g, t, s, o) {
    const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = o;
    s.m ??= zeros(p);
    s.v ??= zeros(p);
    for (const i of p.keys()) {
      if (g[i] === 0) continue;
      s.m[i] = beta1 * s.m[i] + (1 - beta1) * g[i];
      s.v[i] = beta2 * s.v[i] + (1 - beta2) * g[i] ** 2;
      const root = Math.sqrt(s.v[i] / (1 - beta2 ** t));
      p[i] -= ((lr / (1 - beta1 ** t)) * s.m[i]) / (root + eps);
    }
  },

  NAdam(p, gradient, t, s, o) {
    const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, momentumDecay = 4e-3, weightDecay = 0 } = o;
    const mu = (k: number) => beta1 * (1 - 0.5 * 0.96 ** (k * momentumDecay));
    s.product ??= [1];
    s.product[0] *= mu(t);
    const g = gradient.map((x, i) => x + weightDecay * p[i]);
    const { v } = adamMoments(p, g, t, s, { beta1, beta2 });
    for (const i of p.keys()) {
      const now = ((1 - mu(t)) * g[i]) / (1 - s.product[0]);
      const next = (mu(t + 1) * s.m[i]) / (1 - s.product[0] * mu(t + 1));
      p[i] -= (lr * (now + next)) / (Math.sqrt(v[i]) + eps);
    }
  },

  ...matrixPapers,
};
