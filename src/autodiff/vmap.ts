import { isFloat } from "../core/dtype.ts";
import { DTypeError, GradError, ValueError } from "../core/errors.ts";
import { Node, Storage } from "../core/node.ts";
import { normalizeAxis } from "../core/shape.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { cat } from "../ops/movement/join.ts";
import { expand, permute } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import { NO_ATTRS, type RegisteredOp, SOURCE } from "../tensor/op.ts";
import { type Tracing, withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { asRecorded, rewrite } from "./rewrite.ts";
import { type Axes, type Mapped, mappedLeaves, sizeOfBatch } from "./vmapAxes.ts";
import { type Batch, batchNode, type Randomness } from "./vmapRules.ts";

const tracing: Tracing = {
  name: "vmap",
  refusal: (what) =>
    new GradError(
      `vmap: ${what} inside the function, which is only recorded for one example. ` +
        "Return tensors from it (and use grad for gradients), and do that after the call.",
    ),
};

export interface VmapOptions {
  /** null: every example sees the same. The default is axis 0 of every tensor. */
  readonly inAxes?: Axes;
  /** Where the examples lie in the results. */
  readonly outAxes?: number;
  /** Whether examples draw random numbers apart; without it a draw is an error. */
  readonly randomness?: Randomness;
  /** At most so many examples at once: less memory, more launches. */
  readonly chunkSize?: number;
}

/**
 * A function of one example as a function of many: vmap(f)(x)ᵢ = f(xᵢ), computed at once and not
 * in a loop. The function is recorded for one example; its ops are then applied to whole batches.
 * It composes with `grad`, `jvp`, itself and `compile`: vmap(grad(f)) gives per-example gradients.
 *
 * Arguments and results are tensors and trees of them; other arguments are passed on as they are.
 * @throws ShapeError when the examples of two arguments differ in number, or an axis is missing
 * @throws GradError for an op that cannot be batched, ValueError for draws without `randomness`
 */
export function vmap<A extends unknown[], R>(
  f: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  return (...args) => {
    const mapped = mappedLeaves(args, options.inAxes === undefined ? 0 : options.inAxes);
    const size = sizeOfBatch(mapped);
    const { chunkSize } = options;
    if (chunkSize === undefined || chunkSize >= size)
      return mapOnce(f, mapped, args, size, options);
    return inChunks(f, mapped, args, size, chunkSize, options);
  };
}

function mapOnce<A extends unknown[], R>(
  f: (...args: A) => R,
  mapped: readonly Mapped[],
  args: A,
  size: number,
  options: VmapOptions,
): R {
  const { randomness = "error", outAxes = 0 } = options;
  const examples = new Map<Node, Tensor>();
  let since = Number.POSITIVE_INFINITY;
  let at = 0;
  const traced = mapTree(args, () => {
    const { leaf, axis, path } = mapped[at++]!;
    if (!(leaf instanceof Tensor) || axis === null) return leaf;
    const batch = axisFirst(leaf, axis);
    const example = exampleOf(batch, path);
    since = Math.min(since, example.serial);
    examples.set(example, batch);
    return new Tensor(example);
  }) as A;
  const out = withRecorder({ tracing, onLongChain: null }, () => f(...traced));
  if (out instanceof Promise) throw asyncError();
  const batch: Batch = {
    size,
    randomness,
    map: (g, axes) => vmap(g, { inAxes: axes, randomness }) as (...args: Tensor[]) => unknown,
  };
  const outputs = leavesOf(out).map(({ leaf, path }) => tensorOf(leaf, path));
  const apart = randomness !== "same";
  const made = withRecorder({ numbersAreConstants: true, onLongChain: null }, () =>
    rewrite(
      outputs.map((t) => t.node),
      examples,
      since,
      (node, found) => asRecorded(node, () => batchNode(node, found, batch)),
      (node) => apart && (node.op as RegisteredOp).draws === true,
    ),
  );
  return mapTree(out, (leaf) => {
    const one = leaf as Tensor;
    const all = made.get(one.node) ?? expand(one, [size, ...one.shape]);
    return axisLast(all, outAxes);
  }) as R;
}

/** The value of one example: known to be, not what it is. */
class Unknown extends Storage {
  readonly home = this;
  readonly offset = 0;

  constructor(path: string) {
    super();
    this.stale =
      `vmap: the function read the value of argument ${path}, which stands for every example. ` +
      "Return the tensor and read it after the call, or choose with where().";
  }
}

function exampleOf(batch: Tensor, path: string): Node {
  const { dtype, device, node } = batch;
  const example = new Node(SOURCE, [], NO_ATTRS, "", batch.shape.slice(1), dtype, device);
  example.storage = new Unknown(path);
  example.range = node.range;
  // So that it shows where gradients are stopped, whether or not they are wanted outside.
  example.tracking = isFloat(batch.dtype) ? "tracked" : "none";
  return example;
}

const axisFirst = (x: Tensor, axis: number): Tensor =>
  permute(
    x,
    [axis, ...x.shape.keys()].filter((d, i) => i === 0 || d !== axis),
  );

function axisLast(x: Tensor, to: number): Tensor {
  const at = normalizeAxis("vmap outAxes", to, x.rank);
  const rest = Array.from({ length: x.rank - 1 }, (_, d) => d + 1);
  return permute(x, [...rest.slice(0, at), 0, ...rest.slice(at)]);
}

function inChunks<A extends unknown[], R>(
  f: (...args: A) => R,
  mapped: readonly Mapped[],
  args: A,
  size: number,
  chunkSize: number,
  options: VmapOptions,
): R {
  if (!Number.isInteger(chunkSize) || chunkSize < 1) {
    throw new ValueError(`vmap: chunkSize ${chunkSize} is not a whole number above 0. Use one.`);
  }
  const results: R[] = [];
  for (let start = 0; start < size; start += chunkSize) {
    const length = Math.min(chunkSize, size - start);
    const part = mapped.map(({ leaf, axis, path }) => {
      const sliced = axis === null ? leaf : narrow(leaf as Tensor, axis, start, length);
      return { leaf: sliced, axis, path };
    });
    results.push(mapOnce(f, part, args, length, options));
  }
  const parts = results.map((r) => leavesOf(r).map(({ leaf }) => leaf as Tensor));
  let at = 0;
  return mapTree(results[0], () => {
    const leaf = at++;
    return cat(
      parts.map((p) => p[leaf]!),
      options.outAxes ?? 0,
    );
  }) as R;
}

function tensorOf(leaf: unknown, path: string): Tensor {
  if (leaf instanceof Tensor) return leaf;
  throw new DTypeError(
    `vmap: the function returned ${typeof leaf}${path && ` at ${path}`}, not a tensor. ` +
      "Return tensors, or arrays and plain objects of them.",
  );
}

const asyncError = (): GradError =>
  new GradError(
    "vmap: the function is async, but it is only recorded. Leave out `async` and `await`; ops " +
      "whose shape depends on data cannot be batched.",
  );
