import { ShapeError } from "../../core/errors.ts";
import { show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { diagonal } from "../movement/diagonal.ts";
import { contract, type Labelled, ordered, sumOut } from "./contract.ts";
import { parseEquation } from "./einsumEquation.ts";

/**
 * Einstein summation: products of tensors, summed over the letters that the result does not name.
 * `einsum("ij,jk->ik", a, b)` is a matrix product, `einsum("ii->i", a)` a diagonal,
 * `einsum("...i,...i", a, b)` a batched dot product. Axes with one letter must be equal or 1.
 * Several tensors are multiplied pair by pair, the cheapest pair first.
 * @throws ValueError for a malformed equation, ShapeError where it does not fit the tensors
 */
export function einsum(equation: string, ...tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 0) {
    throw new ShapeError(`einsum: no tensors; got "${equation}" alone. Give one per term.`);
  }
  const { inputs, output } = parseEquation(
    equation,
    tensors.map((t) => t.shape),
  );
  const sizes = axisSizes(tensors, inputs);
  let parts: Labelled[] = tensors.map((x, i) => withoutRepeats({ x, axes: inputs[i]! }));
  while (parts.length > 1) parts = contractBest(parts, output, sizes);
  const last = sumOut(parts[0]!, new Set(output));
  return ordered(last, output);
}

/** @throws ShapeError when sizes of one letter are neither equal nor 1 */
function axisSizes(
  tensors: readonly Tensor[],
  inputs: readonly (readonly string[])[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((axes, i) => {
    axes.forEach((name, d) => {
      const n = tensors[i]!.shape[d]!;
      const before = sizes.get(name) ?? 1;
      if (n !== before && n !== 1 && before !== 1) {
        throw new ShapeError(
          `einsum: axis "${name}" has sizes ${before} and ${n}; got ` +
            `${tensors.map((t) => show(t.shape)).join(", ")}. Make them equal.`,
        );
      }
      sizes.set(name, before === 1 ? n : before);
    });
  });
  return sizes;
}

/** An axis pair of one name becomes the diagonal. */
function withoutRepeats(part: Labelled): Labelled {
  const at = part.axes.findIndex((name, d) => part.axes.indexOf(name) !== d);
  if (at < 0) return part;
  const first = part.axes.indexOf(part.axes[at]!);
  const rest = part.axes.flatMap((_, d) => (d === first || d === at ? [] : [d]));
  const { shape } = part.x;
  if (shape[first] !== shape[at]) {
    throw new ShapeError(
      `einsum: axes of one letter differ in one tensor; got ${show(shape)}. Make them equal.`,
    );
  }
  const axes = [...rest.map((d) => part.axes[d]!), part.axes[first]!];
  return withoutRepeats({ x: diagonal(part.x, { axes: [first, at] }), axes });
}

/** Multiplies the pair that needs the fewest multiplications, then the one of smallest result. */
function contractBest(
  parts: readonly Labelled[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Labelled[] {
  const count = (names: Iterable<string>) => sizeOf([...names].map((name) => sizes.get(name)!));
  let best = { i: 0, j: 1, work: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY };
  for (let i = 0; i < parts.length; i++) {
    for (let j = i + 1; j < parts.length; j++) {
      const names = new Set([...parts[i]!.axes, ...parts[j]!.axes]);
      const keep = keptBy(parts, output, i, j);
      const work = count(names);
      const size = count([...names].filter((name) => keep.has(name)));
      if (work < best.work || (work === best.work && size < best.size)) best = { i, j, work, size };
    }
  }
  const { i, j } = best;
  const joined = contract("einsum", parts[i]!, parts[j]!, keptBy(parts, output, i, j));
  return [...parts.filter((_, at) => at !== i && at !== j), joined];
}

/** The axes that the result or another tensor still needs. */
const keptBy = (parts: readonly Labelled[], output: readonly string[], i: number, j: number) =>
  new Set([...output, ...parts.flatMap((p, at) => (at === i || at === j ? [] : p.axes))]);
