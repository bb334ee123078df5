import {
  add,
  losses,
  matmul,
  mul,
  narrow,
  select,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "tapegrad";

/** An objective with its gradient written out by hand, in float64. */
export interface Problem {
  readonly name: string;
  readonly start: readonly number[];
  readonly shape: readonly number[];
  loss(p: Tensor): Tensor;
  gradient(p: readonly number[]): number[];
}

const A = [
  [4, 1, 0.5],
  [1, 3, -0.25],
  [0.5, -0.25, 2],
];
const b = [1, -2, 0.5];

/** ½ pᵀ A p - bᵀ p */
export const quadratic: Problem = {
  name: "a quadratic",
  start: [1, -1, 2],
  shape: [3],
  loss: (p) => sub(mul(0.5, matmul(p, matmul(tensor(A), p))), matmul(tensor(b), p)),
  gradient: (p) => A.map((row, i) => row.reduce((s, a, j) => s + a * p[j], 0) - b[i]),
};

/** (1 - x)² + 100 (y - x²)² */
export const rosenbrock: Problem = {
  name: "Rosenbrock's valley",
  start: [-1.2, 1],
  shape: [2],
  loss(p) {
    const [x, y] = [select(p, 0, 0), select(p, 0, 1)];
    return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
  },
  gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
};

const X = Array.from({ length: 6 }, (_, i) => [Math.sin(i + 1), Math.cos(3 * i)]);
const labels = [1, 0, 1, 1, 0, 0];

/** The mean cross-entropy of a logistic regression with an intercept, and 0.005 ‖p‖². */
export const logistic: Problem = {
  name: "a logistic regression",
  start: [0.1, -0.2, 0.3],
  shape: [3],
  loss(p) {
    const logits = add(matmul(tensor(X), narrow(p, 0, 0, 2)), select(p, 0, 2));
    const fit = losses.binaryCrossEntropyWithLogits(logits, tensor(labels));
    return add(fit, mul(0.005, sum(square(p))));
  },
  gradient(p) {
    const g = p.map((v) => 0.01 * v);
    X.forEach(([x0, x1], i) => {
      const q = 1 / (1 + Math.exp(-(x0 * p[0] + x1 * p[1] + p[2])));
      const slope = (q - labels[i]) / X.length;
      g[0] += slope * x0;
      g[1] += slope * x1;
      g[2] += slope;
    });
    return g;
  },
};

const C = [
  [1, 0.5, -1],
  [0.25, 2, 0.5],
];
const D = [
  [1, -1],
  [0.5, 2],
];

/** ½ ‖W C' - D‖² of a matrix W [2, 3], C' = Cᵀ. */
export const matrix: Problem = {
  name: "a matrix",
  start: [0.2, -0.4, 0.6, 1, 0.3, -0.8],
  shape: [2, 3],
  loss: (w) => mul(0.5, sum(square(sub(matmul(w, tensor(C).transpose()), tensor(D))))),
  gradient(w) {
    const at = (i: number, k: number) => w[3 * i + k];
    const residual = [0, 1].map((i) =>
      [0, 1].map((j) => [0, 1, 2].reduce((s, k) => s + at(i, k) * C[j][k], 0) - D[i][j]),
    );
    return [0, 1].flatMap((i) =>
      [0, 1, 2].map((k) => residual[i][0] * C[0][k] + residual[i][1] * C[1][k]),
    );
  },
};

const classes = [0, 2, 1, 1, 0, 2];

/** The mean cross-entropy of a softmax regression W [3, 2] without intercepts. */
export const softmaxRegression: Problem = {
  name: "a softmax regression",
  start: [0.1, -0.2, 0.3, 0.05, -0.15, 0.25],
  shape: [3, 2],
  loss: (w) =>
    losses.crossEntropy(matmul(tensor(X), w.transpose()), tensor(classes, { dtype: "int32" })),
  gradient(w) {
    const g = w.map(() => 0);
    X.forEach((x, i) => {
      const scores = [0, 1, 2].map((c) => Math.exp(w[2 * c] * x[0] + w[2 * c + 1] * x[1]));
      const total = scores.reduce((a, b) => a + b);
      scores.forEach((score, c) => {
        const slope = (score / total - Number(classes[i] === c)) / X.length;
        g[2 * c] += slope * x[0];
        g[2 * c + 1] += slope * x[1];
      });
    });
    return g;
  },
};

/** ¼ ‖W Wᵀ - I‖² of a matrix W [2, 3], which is not convex. */
export const orthonormal: Problem = {
  name: "orthonormal rows",
  start: [0.9, -0.4, 0.2, 0.3, 0.5, -0.8],
  shape: [2, 3],
  loss: (w) => {
    const identity = tensor([
      [1, 0],
      [0, 1],
    ]);
    return mul(0.25, sum(square(sub(matmul(w, w.transpose()), identity))));
  },
  gradient(w) {
    const row = (i: number) => w.slice(3 * i, 3 * i + 3);
    const product = (i: number, j: number) => row(i).reduce((s, x, k) => s + x * row(j)[k], 0);
    const at = (i: number, j: number) => product(i, j) - Number(i === j);
    return [0, 1].flatMap((i) => [0, 1, 2].map((k) => at(i, 0) * w[k] + at(i, 1) * w[3 + k]));
  },
};
