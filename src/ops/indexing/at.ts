import { ShapeError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { filledLike } from "../creation/creation.ts";
import { cast } from "../elementwise/cast.ts";
import { where } from "../elementwise/compare.ts";
import { expand, reshape } from "../movement/movement.ts";
import { writeSlice } from "../movement/regions.ts";
import { slice } from "../movement/slice.ts";
import { fixed, type Item, type Place, readPlaces } from "./atSpec.ts";
import { type Indices, indexTensors, putTensors } from "./joined.ts";

/** A selection in two steps: a slice with its axes dropped and added, and indices into that. */
interface Selection {
  readonly starts: readonly (number | null)[];
  readonly ends: readonly (number | null)[];
  readonly steps: readonly number[];
  /** The slice's shape without the axes of numbers, and with the new ones. */
  shapeOf(sliced: Shape): Shape;
  /** One entry for each axis of that shape; all null where nothing is picked. */
  readonly indices: Indices;
}

function selectionOf(op: string, x: Tensor, places: readonly Place[]): Selection {
  const items = readPlaces(op, x, places);
  const starts: (number | null)[] = [];
  const ends: (number | null)[] = [];
  const steps: number[] = [];
  /** What becomes of each axis: dropped, kept, or one of size 1 made. */
  const made: ("drop" | "keep" | "new")[] = [];
  const indices: (Tensor | null)[] = [];
  for (const item of items) {
    const axis = starts.length;
    const whole = wholeAxes(item);
    for (let i = 0; i < whole; i++) made.push("keep");
    if (item.kind === "new") made.push("new");
    if (item.kind === "one") {
      const at = fixed(op, item.index, x.shape[axis]!, axis);
      starts.push(at);
      ends.push(at + 1);
      steps.push(1);
      made.push("drop");
    } else if (item.kind === "range") {
      starts.push(item.from);
      ends.push(item.to);
      steps.push(item.step);
      made.push("keep");
    } else {
      for (let i = 0; i < whole; i++) {
        starts.push(null);
        ends.push(null);
        steps.push(1);
      }
    }
    if (item.kind === "pick") indices.push(item.index);
    else if (item.kind !== "one") indices.push(null);
  }
  const shapeOf = (sliced: Shape) => {
    let axis = 0;
    return made.flatMap((fate) => {
      if (fate === "new") return [1];
      const n = sliced[axis++]!;
      return fate === "keep" ? [n] : [];
    });
  };
  return { starts, ends, steps, shapeOf, indices };
}

/** How many axes a tensor of indices stands for. */
const wholeAxes = (item: Item): number =>
  item.kind === "pick" ? (item.index.dtype === "bool" ? item.index.rank : 1) : 0;

const picks = (indices: Indices): boolean => indices.some((index) => index !== null);

/**
 * A part of x, named as in Python: x[1:3, ..., ::-2] is `at(x, "1:3, ..., ::-2")`.
 *
 *     at(x, 0)                  the first slice, without its axis
 *     at(x, "-1, :, 2")         numbers drop their axes, also inside a text
 *     at(x, "...", null)        a new last axis
 *     at(x, rows, "::2")        an int32 tensor (or a list) of places in axis 0, every other column
 *     at(x, mask)               where a bool tensor holds, for as many axes as it has
 *
 * Ranges stop at the ends, and a negative step walks backwards. Without tensors the result is a
 * view. Tensors of indices broadcast together; where they stand apart their axes come first, as in
 * PyTorch. The shape of what a mask picks depends on its values, so the host must know them; where
 * only the device does, use `await maskedSelect(x, mask)`.
 * @throws IndexError for a number outside its axis; ShapeError for more places than axes, an
 * unreadable text, or a mask that only the device knows
 */
export function at(x: Tensor, ...places: readonly Place[]): Tensor {
  const { starts, ends, steps, shapeOf, indices } = selectionOf("at", x, places);
  const sliced = slice(x, starts, ends, steps);
  const part = reshape(sliced, shapeOf(sliced.shape));
  return picks(indices) ? indexTensors("at", part, indices) : part;
}

/**
 * x with `value` in the part that `at(x, ...places)` names: the counterpart of an assignment. It
 * gives a new tensor; x stays. The value is a number, or a tensor that broadcasts to the part, and
 * takes x's dtype. Of several places that are the same the last one wins. For a number where a single
 * mask holds, the host need not know the mask.
 *
 *     setAt(x, "1:3, 0", 7)
 *     setAt(x, [rows, "::2"], y)
 *     setAt(x, [[0, 2]], y)     the slices 0 and 2
 *     setAt(x, mask, 0)
 *
 * @param places one place or text, or a list of them
 * @throws IndexError, ShapeError as `at`, and when the value does not broadcast to the part
 */
export function setAt(x: Tensor, places: Place | readonly Place[], value: TensorLike): Tensor {
  const list = isList(places) ? places : [places];
  const given = value instanceof Tensor ? cast(value, x.dtype) : filledLike(x, [], value);
  const masked = fillMask(x, list, given);
  if (masked !== null) return masked;
  const { starts, ends, steps, shapeOf, indices } = selectionOf("setAt", x, list);
  const sliced = slice(x, starts, ends, steps);
  const shape = shapeOf(sliced.shape);
  const part = picks(indices)
    ? putTensors("setAt", reshape(sliced, shape), indices, given, false)
    : broadcastTo(given, shape);
  return writeSlice(x, reshape(part, sliced.shape), starts, ends, steps);
}

/** A list is a list of places; a list of numbers that picks stands inside one: [[0, 2]]. */
const isList = (places: Place | readonly Place[]): places is readonly Place[] =>
  Array.isArray(places);

/** A scalar where one mask holds needs no knowledge of the mask. */
function fillMask(x: Tensor, places: readonly Place[], value: Tensor): Tensor | null {
  const [mask] = places;
  if (places.length !== 1 || !(mask instanceof Tensor) || mask.dtype !== "bool") return null;
  const covered = x.shape.slice(0, mask.rank);
  if (value.rank !== 0 || show(covered) !== show(mask.shape)) return null;
  const wide = reshape(mask, [...mask.shape, ...x.shape.slice(mask.rank).map(() => 1)]);
  return where(wide, value, x);
}

function broadcastTo(value: Tensor, shape: Shape): Tensor {
  const extra = value.rank - shape.length;
  // Leading axes of size 1 do not count, as in an assignment.
  const ones = value.shape.slice(0, Math.max(0, extra)).every((n) => n === 1);
  const own = extra > 0 && ones ? value.shape.slice(extra) : value.shape;
  const fits =
    own.length <= shape.length &&
    own.every((n, d) => n === 1 || n === shape[shape.length - own.length + d]);
  if (fits) return expand(reshape(value, own), shape);
  throw new ShapeError(
    `setAt: the value does not broadcast to the part; got ${show(value.shape)} for ` +
      `${show(shape)}. Give a number, or a tensor of that shape.`,
  );
}
