import { ShapeError, ValueError } from "../core/errors.ts";
import { normalizeAxis, show } from "../core/shape.ts";
import { leavesOf } from "../core/tree.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Which axis of each argument of a function under `vmap` numbers the examples. */

/** The axis of each argument that numbers the examples: one for all, or a tree like theirs. */
export type Axes = number | null | readonly Axes[] | { readonly [name: string]: Axes };

/** A leaf argument, and its axis of examples. */
export interface Mapped {
  readonly leaf: unknown;
  readonly path: string;
  readonly axis: number | null;
}

/** The leaves of the arguments with their axes. @throws ShapeError, ValueError where they do not fit */
export function mappedLeaves(args: readonly unknown[], axes: Axes): Mapped[] {
  return args.flatMap((arg, i) => mappedIn(arg, entryOf(axes, i, args.length), `${i}`));
}

function mappedIn(tree: unknown, axes: Axes, path: string): Mapped[] {
  if (axes === null || typeof axes === "number") {
    return leavesOf(tree).map(({ leaf, path: below }) => {
      return {
        leaf,
        path: path + below,
        axis: leaf instanceof Tensor ? checked(leaf, axes) : null,
      };
    });
  }
  if (Array.isArray(tree)) {
    return tree.flatMap((x, i) => mappedIn(x, entryOf(axes, i, tree.length), `${path}[${i}]`));
  }
  if (typeof tree === "object" && tree !== null && !(tree instanceof Tensor)) {
    const list = axes as { readonly [name: string]: Axes };
    return Object.entries(tree).flatMap(([k, x]) => mappedIn(x, list[k] ?? null, `${path}.${k}`));
  }
  throw new ValueError(
    `vmap: inAxes has a list where argument ${path} is one value. Give a number or null there.`,
  );
}

function entryOf(axes: Axes, at: number, count: number): Axes {
  if (!Array.isArray(axes)) return axes;
  if (axes.length === count) return axes[at] as Axes;
  throw new ValueError(
    `vmap: inAxes has ${axes.length} entries for ${count} arguments. Give one for each.`,
  );
}

function checked(x: Tensor, axis: number | null): number | null {
  if (axis === null) return null;
  if (x.rank === 0) {
    throw new ShapeError(
      "vmap: an argument is a scalar, which has no axis of examples; got shape []. " +
        "Pass null for it in inAxes, so that all examples share it.",
    );
  }
  return normalizeAxis("vmap", axis, x.rank);
}

/** How many examples there are. @throws ShapeError where arguments differ, ValueError without any */
export function sizeOfBatch(mapped: readonly Mapped[]): number {
  const with_ = mapped.filter((m) => m.axis !== null);
  const sizeAt = ({ leaf, axis }: Mapped) => (leaf as Tensor).shape[axis!]!;
  const first = with_[0];
  if (first === undefined) {
    throw new ValueError("vmap: no argument has examples. Leave one axis in inAxes, or call f.");
  }
  const other = with_.find((m) => sizeAt(m) !== sizeAt(first));
  if (other === undefined) return sizeAt(first);
  const describe = (m: Mapped) =>
    `argument ${m.path} ${show((m.leaf as Tensor).shape)} has ${sizeAt(m)} along axis ${m.axis}`;
  throw new ShapeError(
    `vmap: the arguments differ in their number of examples; ${describe(first)}, ` +
      `${describe(other)}. Make them equal, or share one of them by null in inAxes.`,
  );
}
