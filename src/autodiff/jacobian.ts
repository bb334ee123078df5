import { GradError } from "../core/errors.ts";
import { mapTree } from "../core/tree.ts";
import { eye, zerosLike } from "../ops/creation/creation.ts";
import { permute, reshape } from "../ops/movement/movement.ts";
import { Tensor } from "../tensor/tensor.ts";
import { forgetInputs } from "./forget.ts";
import { pullBack, pushForward, type Traced, traceAt } from "./products.ts";
import { type Gradient, grad } from "./transforms.ts";
import { vmap } from "./vmap.ts";

export interface JacobianOptions {
  /** "reverse": one product per output element (the default); "forward": one per input element. */
  readonly mode?: "reverse" | "forward";
  /** At most so many of these products at once. */
  readonly chunkSize?: number;
}

/** For a tensor result its derivative by the argument, in the structure of the argument. */
export type Jacobian<A, R> = R extends Tensor ? Gradient<A> : { [K in keyof R]: Jacobian<A, R[K]> };

/**
 * The Jacobian of a function with respect to its first argument: for out [m…] and x [n…] a tensor
 * [m…, n…] with out-of-i by x-at-j. All its rows (or columns) are computed as one batch.
 * @throws GradError when the function returns no tensor
 */
export function jacobian<A, R, More extends unknown[]>(
  f: (x: A, ...rest: More) => R,
  { mode = "reverse", chunkSize }: JacobianOptions = {},
): (x: A, ...rest: More) => Jacobian<A, R> {
  if (mode !== "reverse" && mode !== "forward") {
    throw new GradError(`jacobian: unknown mode ${String(mode)}. Use "reverse" or "forward".`);
  }
  return (x, ...rest) => {
    const traced = traceAt("jacobian", (at: A) => f(at, ...rest), [x]);
    const blocks = (mode === "reverse" ? byRows : byColumns)(traced, chunkSize);
    forgetInputs(traced.inputs, [...traced.outputs, ...blocks.flat()]);
    let row = 0;
    return mapTree(traced.value, () => {
      const block = blocks[row++]!;
      let column = 0;
      return mapTree(x, (leaf) => (leaf instanceof Tensor ? block[column++] : leaf));
    }) as Jacobian<A, R>;
  };
}

/** blocks[output][input] from Jᵀu for all unit vectors u of each output. */
function byRows(traced: Traced<unknown>, chunkSize: number | undefined): Tensor[][] {
  return traced.outputs.map((output, i) => {
    const rows = vmap(
      (unit: Tensor) => {
        const cotangents = traced.outputs.map((o, j) => (j === i ? unit : zerosLike(o)));
        return pullBack(traced, cotangents);
      },
      { chunkSize },
    )(units(output));
    return rows.map((r) => reshape(r, [...output.shape, ...r.shape.slice(1)]));
  });
}

/** The same from Jv for all unit vectors v of each input. */
function byColumns(traced: Traced<unknown>, chunkSize: number | undefined): Tensor[][] {
  const columns = traced.inputs.map((input, j) =>
    vmap(
      (unit: Tensor) => {
        const tangents = traced.inputs.map((x, i) => (i === j ? unit : zerosLike(x)));
        return pushForward(traced, tangents);
      },
      { chunkSize },
    )(units(input)).map((c) => lastFirst(c, input)),
  );
  return traced.outputs.map((_, i) => columns.map((column) => column[i]!));
}

/** The unit vectors of a tensor's space: [size, ...shape]. */
const units = (x: Tensor): Tensor =>
  reshape(eye(x.size, x.size, { device: x.device }), [x.size, ...x.shape]);

/** [inputs, ...out] as [...out, ...input]. */
function lastFirst(columns: Tensor, input: Tensor): Tensor {
  const out = columns.shape.slice(1);
  const moved = permute(columns, [...out.map((_, d) => d + 1), 0]);
  return reshape(moved, [...out, ...input.shape]);
}

/**
 * The matrix of second derivatives of a scalar function with respect to its first argument:
 * for x [n…] a tensor [n…, n…]; for a tree of tensors a tree of trees.
 */
export function hessian<A, More extends unknown[]>(
  f: (x: A, ...rest: More) => Tensor,
  options: JacobianOptions = {},
): (x: A, ...rest: More) => Jacobian<A, Gradient<A>> {
  const slope = grad(f);
  return jacobian((x: A, ...rest: More) => slope(x, ...rest), options);
}
