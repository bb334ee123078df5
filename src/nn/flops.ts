import { pullback } from "../autodiff/gradients.ts";
import type { Kernel, Op } from "../core/ir.ts";
import type { Node } from "../core/node.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { type RegisteredOp, registry } from "../tensor/op.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What counting looks at: shapes in, shape out. */
interface Call {
  readonly inputs: readonly Shape[];
  readonly out: Shape;
  readonly attrs: Readonly<Record<string, unknown>>;
}

type Rule = (call: Call) => number;

const product = (numbers: readonly number[]): number => numbers.reduce((n, m) => n * m, 1);
/** So many for each element of the result. */
const perResult =
  (each: number): Rule =>
  ({ out }) =>
    each * sizeOf(out);
/** So many for each element of an input. */
const perInput =
  (each: number, input = 0): Rule =>
  ({ inputs }) =>
    each * sizeOf(inputs[input]!);

/** Matrices of the first input, their rows and columns. */
const matrices = ({ inputs: [a] }: Call) => {
  const [m, n] = a!.slice(-2) as [number, number];
  return { count: product(a!.slice(0, -2)), m, n };
};
/** A factorization of n by n matrices in `factor`·n³ operations (Golub & Van Loan 2013). */
const cubic =
  (factor: number): Rule =>
  (call) => {
    const { count, m, n } = matrices(call);
    return count * factor * m * n * Math.min(m, n);
  };

/** A multiplication and an addition for each pair of an element and a weight of its channel. */
const convolution =
  (elements: "out" | 0 | 1, weight: "out" | 1): Rule =>
  ({ inputs, out }) => {
    const many = elements === "out" ? out : inputs[elements]!;
    const w = weight === "out" ? out : inputs[weight]!;
    return w[0] === 0 ? 0 : (2 * sizeOf(many) * sizeOf(w)) / w[0]!;
  };

const windows: Rule = ({ out, attrs }) => {
  const axes = attrs.axes as readonly { readonly kernel: number }[];
  return sizeOf(out) * product(axes.map((axis) => axis.kernel));
};

/** Neighbours that an interpolated value is made of. */
const taps: Rule = ({ inputs, out, attrs }) => {
  const each = { nearest: 0, linear: 2, cubic: 4 }[attrs.mode as string] ?? 4;
  const axes = attrs.axes as readonly { readonly size: number; readonly out: number }[];
  const changed = axes.filter((axis) => axis.size !== axis.out).length;
  const values = Math.max(sizeOf(out), sizeOf(inputs[0]!));
  return each === 0 ? 0 : 2 * values * each ** changed;
};

const comparisons = (n: number): number => Math.ceil(Math.log2(Math.max(n, 2)));
const sorted: Rule = ({ inputs: [x] }) => sizeOf(x!) * comparisons(x!.at(-1) ?? 1);

/** Floating-point operations of one launch, by the kernel's family. */
const rules: Readonly<Record<string, Rule>> = {
  matmul: ({ inputs: [a], out, attrs }) => 2 * sizeOf(out) * a!.at(attrs.ta === true ? -2 : -1)!,
  convForward: convolution("out", 1),
  convInputGrad: convolution(0, 1),
  convWeightGrad: convolution(1, "out"),
  // Maximum, difference, exponential, sum and quotient (or logarithm) of each element.
  softmax: perResult(5),
  logSoftmax: perResult(5),
  softmaxBackward: perResult(4),
  logSoftmaxBackward: perResult(4),
  crossEntropy: perInput(5),
  gather: perResult(0),
  takeRuns: perResult(0),
  reorder: perResult(0),
  inverseOrder: perResult(0),
  scatterAdd: perInput(1),
  scatterReduce: perInput(1, 2),
  maxPool: windows,
  avgPool: windows,
  maxPoolBackward: perInput(1),
  avgPoolBackward: ({ inputs, out, attrs }) => windows({ inputs, out: inputs[0] ?? out, attrs }),
  resample: taps,
  resampleBackward: taps,
  recurrence: perResult(2),
  cumsum: perResult(1),
  cumprod: perResult(1),
  cummax: perResult(1),
  cummin: perResult(1),
  logcumsumexp: perResult(4),
  sortBlocks: sorted,
  mergeBlocks: perResult(1),
  searchsorted: ({ inputs: [bounds], out }) => sizeOf(out) * comparisons(bounds?.at(-1) ?? 1),
  solveTriangular: (call) => matrices(call).n * sizeOf(call.out),
  solve: (call) => 2 * matrices(call).n * sizeOf(call.out),
  lu: cubic(2 / 3),
  cholesky: cubic(1 / 3),
  qr: cubic(8 / 3),
  svd: cubic(20),
  eigh: cubic(9),
  finiteNorm: perResult(0),
  chunkNorms: perInput(2),
  partNorms: perInput(4),
  segmentNorms: perInput(2),
};

/** Whether its operations are known; a further result of a kernel that is counted costs nothing. */
export const isCountable = ({ forward }: Op): boolean =>
  forward.kind !== "kernel" ||
  Object.hasOwn(rules, forward.family) ||
  registry.some((op) => op.composed !== undefined && familyOf(op) === forward.family);

const familyOf = ({ forward }: Op): string | null =>
  forward.kind === "kernel" ? forward.family : null;

/**
 * Counts floating-point operations of what is recorded. Results of one kernel from one call count
 * once. Element-wise ops count by their weight in additions, sums by what they read, and fused
 * kernels without a rule as what they are composed of.
 */
export class FlopCounter {
  readonly #seen = new Set<string>();

  /** The operations of one recorded node. */
  count(node: Node): number {
    const { forward } = node.op;
    if (forward.kind === "pointwise") return forward.weight * sizeOf(node.shape);
    if (forward.kind === "reduction") return sizeOf(node.inputs[0]!.shape);
    return forward.kind === "kernel" ? this.#launch(node, forward) : 0;
  }

  #launch(node: Node, { family }: Kernel): number {
    const call = `${family} ${node.key} ${node.inputs.map((input) => input.serial)}`;
    const rule = Object.hasOwn(rules, family) ? rules[family] : undefined;
    const { composed } = node.op as RegisteredOp;
    if (this.#seen.has(call) || (rule === undefined && composed === undefined)) return 0;
    this.#seen.add(call);
    const inputs = node.inputs.map((input) => input.shape);
    if (rule !== undefined) return Math.round(rule({ inputs, out: node.shape, attrs: node.attrs }));
    return this.#composition(node);
  }

  #composition(node: Node): number {
    const { composed } = node.op as RegisteredOp;
    if (composed === undefined) return 0;
    let total = 0;
    const onRecord = (inner: Node) => {
      total += this.count(inner);
    };
    const inputs = node.inputs.map((input) => new Tensor(input));
    withRecorder({ onRecord }, () => composed(inputs, node.attrs, pullback));
    return total;
  }
}
