import { byMatrix, Grid, gridOf } from "./references.ts";

/** Far more sweeps than float64 needs; the loop ends when a sweep has nothing to turn. */
const SWEEPS = 60;

/** Cosine and sine of the turn that makes two columns orthogonal. */
function turnOf(p: number, q: number, pq: number): [number, number] {
  const theta = (q - p) / (2 * pq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  return [c, t * c];
}

function turnColumns(x: Grid, p: number, q: number, [c, s]: readonly [number, number]): void {
  for (let i = 0; i < x.rows; i++) {
    const [a, b] = [x.get(i, p), x.get(i, q)];
    x.set(i, p, c * a - s * b);
    x.set(i, q, s * a + c * b);
  }
}

function turnRows(x: Grid, p: number, q: number, [c, s]: readonly [number, number]): void {
  for (let j = 0; j < x.columns; j++) {
    const [a, b] = [x.get(p, j), x.get(q, j)];
    x.set(p, j, c * a - s * b);
    x.set(q, j, s * a + c * b);
  }
}

/** Sweeps over all pairs until `turn` has done nothing in a whole one. */
function sweep(n: number, turn: (p: number, q: number) => boolean): void {
  for (let round = 0; round < SWEEPS; round++) {
    let moved = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) moved = turn(p, q) || moved;
    }
    if (!moved) return;
  }
}

/** Columns of x at new places: column `order[k]` comes to k, times its sign. */
function placed(x: Grid, order: readonly number[], signs: readonly number[]): Float64Array {
  const out = new Grid(x.rows, x.columns);
  order.forEach((j, k) => {
    for (let i = 0; i < x.rows; i++) out.set(i, k, signs[j]! * x.get(i, j));
  });
  return out.data;
}

/** The sign of the first large part of each column. */
function signsOf(v: Grid): number[] {
  return Array.from({ length: v.columns }, (_, j) => {
    const column = Array.from({ length: v.rows }, (_unused, i) => v.get(i, j));
    const top = Math.max(...column.map(Math.abs));
    return (column.find((x) => Math.abs(x) > 0.37 * top) ?? 1) > 0 ? 1 : -1;
  });
}

export const eighReference = byMatrix((call, z) => {
  const a = gridOf(call, 0, z);
  const n = a.rows;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (call.attrs.upper === true) a.set(i, j, a.get(j, i));
      else a.set(j, i, a.get(i, j));
    }
  }
  const v = Grid.identity(n);
  sweep(n, (p, q) => {
    const off = a.get(p, q);
    if (Math.abs(off) <= 1e-18 * (Math.abs(a.get(p, p)) + Math.abs(a.get(q, q)))) return false;
    const turn = turnOf(a.get(p, p), a.get(q, q), off);
    turnColumns(a, p, q, turn);
    turnRows(a, p, q, turn);
    turnColumns(v, p, q, turn);
    a.set(p, q, 0);
    a.set(q, p, 0);
    return true;
  });
  const values = Array.from({ length: n }, (_, i) => a.get(i, i));
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  return [order.map((j) => values[j]!), placed(v, order, signsOf(v))];
});

export const orthogonalizeReference = byMatrix((call, z) => {
  const w = gridOf(call, 0, z);
  const n = w.columns;
  const v = Grid.identity(n);
  const product = (p: number, q: number) => {
    let total = 0;
    for (let i = 0; i < w.rows; i++) total += w.get(i, p) * w.get(i, q);
    return total;
  };
  sweep(n, (p, q) => {
    const [pp, qq, pq] = [product(p, p), product(q, q), product(p, q)];
    if (Math.abs(pq) <= 1e-15 * Math.sqrt(pp) * Math.sqrt(qq)) return false;
    const turn = turnOf(pp, qq, pq);
    turnColumns(w, p, q, turn);
    turnColumns(v, p, q, turn);
    return true;
  });
  const lengths = Array.from({ length: n }, (_, j) => Math.sqrt(product(j, j)));
  const order = [...lengths.keys()].sort((i, j) => lengths[j]! - lengths[i]!);
  const signs = signsOf(v);
  return [order.map((j) => lengths[j]!), placed(v, order, signs), placed(w, order, signs)];
});
