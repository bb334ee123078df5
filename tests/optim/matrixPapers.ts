import { norm, type Paper, zeros } from "./paper.ts";

/** Rules for matrices of so many `rows`, as their papers print them; see papers.ts. */
export const matrixPapers: Readonly<Record<string, Paper>> = {
  Adafactor(p, g, t, s, o) {
    const { lr, decay = -0.8, eps1 = 1e-30, eps2 = 1e-3, d = 1, weightDecay = 0, rows = 0 } = o;
    const beta = 1 - t ** decay;
    const rms = (x: readonly number[]) => norm(x) / Math.sqrt(x.length);
    const columns = p.length / rows;
    const squared = g.map((x) => x * x + eps1);
    const mixed = (before: number[] | undefined, now: number[]) =>
      now.map((x, i) => beta * (before?.[i] ?? 0) + (1 - beta) * x);
    const sums = (count: number, of: (i: number) => number) =>
      Array.from({ length: count }, (_, k) =>
        squared.reduce((total, x, i) => total + (of(i) === k ? x : 0), 0),
      );
    let v: number[];
    if (rows === 0) {
      s.v = mixed(s.v, squared);
      v = s.v;
    } else {
      s.r = mixed(
        s.r,
        sums(rows, (i) => Math.floor(i / columns)),
      );
      s.c = mixed(
        s.c,
        sums(columns, (i) => i % columns),
      );
      const all = s.r.reduce((a, b) => a + b);
      v = p.map((_, i) => (s.r[Math.floor(i / columns)] * s.c[i % columns]) / all);
    }
    const u = g.map((x, i) => x / Math.sqrt(v[i]));
    const alpha = Math.max(eps2, rms(p)) * Math.min(lr, 1 / Math.sqrt(t));
    const clip = Math.max(1, rms(u) / d);
    for (const i of p.keys()) p[i] = p[i] * (1 - lr * weightDecay) - (alpha * u[i]) / clip;
  },

  Muon(p, g, _t, s, { lr, momentum = 0.95, nesterov = 1, weightDecay = 0, rows = 1 }) {
    s.m = (s.m ?? zeros(p)).map((m, i) => momentum * m + g[i]);
    const along = nesterov ? g.map((x, i) => x + momentum * s.m[i]) : s.m;
    const columns = p.length / rows;
    let x = matrixOf(along, rows);
    if (rows > columns) x = transposed(x);
    const size = norm(x.flat()) + 1e-7;
    x = x.map((row) => row.map((v) => v / size));
    for (let k = 0; k < 5; k++) {
      const a = product(x, transposed(x));
      const b = combined(-4.775, a, 2.0315, product(a, a));
      x = combined(3.4445, x, 1, product(b, x));
    }
    if (rows > columns) x = transposed(x);
    const scale = Math.sqrt(Math.max(1, rows / columns));
    const step = x.flat();
    for (const i of p.keys()) p[i] = p[i] * (1 - lr * weightDecay) - lr * scale * step[i];
  },
};

type Matrix = number[][];
const matrixOf = (x: readonly number[], rows: number): Matrix =>
  Array.from({ length: rows }, (_, i) =>
    x.slice((i * x.length) / rows, ((i + 1) * x.length) / rows),
  );
const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, j) => row.reduce((s, x, k) => s + x * b[k][j], 0)));
const combined = (s: number, a: Matrix, t: number, b: Matrix): Matrix =>
  a.map((row, i) => row.map((x, j) => s * x + t * b[i][j]));
