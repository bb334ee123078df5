import { LinAlgError } from "../../core/errors.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { byMatrix, Grid, gridOf } from "./references.ts";

/** P A = L U: factors, order, swaps, sign, ln |det|, det. */
export const luReference = byMatrix((call, z) => {
  const a = gridOf(call, 0, z);
  const { rows: m, columns: n } = a;
  const order = Array.from({ length: m }, (_, i) => i);
  const swaps: number[] = [];
  let sign = 1;
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k + 1; i < m; i++) if (Math.abs(a.get(i, k)) > Math.abs(a.get(p, k))) p = i;
    swaps.push(p + 1);
    if (p !== k) {
      sign = -sign;
      a.swapRows(k, p);
      [order[k], order[p]] = [order[p]!, order[k]!];
    }
    for (let i = k + 1; i < m; i++) {
      const f = a.get(k, k) === 0 ? 0 : a.get(i, k) / a.get(k, k);
      a.set(i, k, f);
      for (let j = k + 1; j < n; j++) a.add(i, j, -f * a.get(k, j));
    }
  }
  let [det, size] = [sign, 0];
  for (let k = 0; k < n; k++) {
    const d = a.get(k, k);
    det *= d;
    size += Math.log(Math.abs(d));
    sign *= Math.sign(d);
  }
  return [a.data, order, swaps, [sign], [size], [det]];
});

/** Solves T X = B in place, T given by its elements. */
export function substitute(
  at: (i: number, j: number) => number,
  x: Grid,
  { upper, unit }: { readonly upper: boolean; readonly unit: boolean },
): void {
  const n = x.rows;
  for (let s = 0; s < n; s++) {
    const i = upper ? n - 1 - s : s;
    for (let c = 0; c < x.columns; c++) {
      let value = x.get(i, c);
      const [from, to] = upper ? [i + 1, n] : [0, i];
      for (let j = from; j < to; j++) value -= at(i, j) * x.get(j, c);
      x.set(i, c, unit ? value : value / at(i, i));
    }
  }
}

export const triangularSolveReference = byMatrix((call, z) => {
  const [t, x] = [gridOf(call, 0, z), gridOf(call, 1, z)];
  substitute((i, j) => t.get(i, j), x, call.attrs as { upper: boolean; unit: boolean });
  return [x.data];
});

export const luSolveReference = (singular: string) =>
  byMatrix((call: ReferenceCall, z) => {
    const [f, b] = [gridOf(call, 1, z), gridOf(call, 3, z)];
    const n = f.rows;
    for (let i = 0; i < n; i++) if (f.get(i, i) === 0) throw new LinAlgError(singular);
    const order = call.inputs[2]!.data.subarray(z * n, (z + 1) * n);
    const adjoint = call.attrs.adjoint === true;
    const x = new Grid(n, b.columns);
    const move = (from: Grid, to: Grid, r: number, s: number) => {
      for (let c = 0; c < b.columns; c++) to.set(r, c, from.get(s, c));
    };
    for (let i = 0; i < n; i++) move(b, x, i, adjoint ? i : order[i]!);
    if (!adjoint) {
      substitute((i, j) => f.get(i, j), x, { upper: false, unit: true });
      substitute((i, j) => f.get(i, j), x, { upper: true, unit: false });
      return [x.data];
    }
    substitute((i, j) => f.get(j, i), x, { upper: false, unit: false });
    substitute((i, j) => f.get(j, i), x, { upper: true, unit: true });
    const out = new Grid(n, b.columns);
    for (let i = 0; i < n; i++) move(x, out, order[i]!, i);
    return [out.data];
  });

export const choleskyReference = (indefinite: string) =>
  byMatrix((call, z) => {
    const a = gridOf(call, 0, z);
    const n = a.rows;
    const l = new Grid(n, n);
    for (let j = 0; j < n; j++) {
      for (let i = j; i < n; i++) {
        let value = a.get(i, j);
        for (let k = 0; k < j; k++) value -= l.get(i, k) * l.get(j, k);
        if (i === j && !(value > 0)) throw new LinAlgError(indefinite);
        l.set(i, j, i === j ? Math.sqrt(value) : value / l.get(j, j));
      }
    }
    return [l.data];
  });

/** A = Q R by reflections I - t v vᵀ, in place; the signs are LAPACK's. */
export const qrReference = byMatrix((call, z) => {
  const a = gridOf(call, 0, z);
  const { rows: m, columns: n } = a;
  const taus: number[] = [];
  const reflect = (k: number, j: number, head: number) => {
    let w = head;
    for (let i = k + 1; i < m; i++) w += a.get(i, k) * a.get(i, j);
    w *= taus[k]!;
    a.set(k, j, head - w);
    for (let i = k + 1; i < m; i++) a.add(i, j, -w * a.get(i, k));
  };
  for (let k = 0; k < n; k++) {
    const alpha = a.get(k, k);
    let rest = 0;
    for (let i = k + 1; i < m; i++) rest = Math.hypot(rest, a.get(i, k));
    const length = Math.hypot(alpha, rest);
    const beta = rest === 0 ? alpha : alpha >= 0 ? -length : length;
    taus.push(rest === 0 ? 0 : (beta - alpha) / beta);
    for (let i = k + 1; i < m; i++) a.set(i, k, rest === 0 ? 0 : a.get(i, k) / (alpha - beta));
    a.set(k, k, beta);
    for (let j = k + 1; j < n; j++) reflect(k, j, a.get(k, j));
  }
  const r = new Grid(n, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r.set(i, j, a.get(i, j));
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) reflect(k, j, 0);
    for (let i = k + 1; i < m; i++) a.set(i, k, -taus[k]! * a.get(i, k));
    a.set(k, k, 1 - taus[k]!);
  }
  return [a.data, r.data];
});
