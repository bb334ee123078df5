import { DTypeError, IndexError, ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { indexList } from "../creation/creation.ts";

/**
 * One place of `at`: a number drops an axis, "from:to:step" (each may be left out) keeps a part of
 * it, "..." keeps all axes that are not named, null makes a new one, a list of numbers or an
 * integer tensor picks, a bool tensor filters. A text may hold several: "1:3, ..., ::-2".
 */
export type Place = number | string | null | readonly number[] | Tensor;

export type Item =
  | { readonly kind: "one"; readonly index: number }
  | {
      readonly kind: "range";
      readonly from: number | null;
      readonly to: number | null;
      readonly step: number;
    }
  | { readonly kind: "rest" }
  | { readonly kind: "new" }
  | { readonly kind: "pick"; readonly index: Tensor };

const WHOLE: Item = { kind: "range", from: null, to: null, step: 1 };

const bad = (op: string, text: string, whole: string): ShapeError =>
  new ShapeError(
    `${op}: "${text}" is no place${text === whole ? "" : ` in "${whole}"`}. ` +
      'Use a number, a range such as "1:3" or "::-2", "..." or "null", with commas between.',
  );

function parseOne(op: string, text: string, whole: string): Item {
  if (text === "...") return { kind: "rest" };
  if (text === "null") return { kind: "new" };
  if (/^[+-]?\d+$/.test(text)) return { kind: "one", index: Number(text) };
  const parts = text.split(":").map((part) => part.trim());
  const plain = parts.every((part) => part === "" || /^[+-]?\d+$/.test(part));
  if (parts.length < 2 || parts.length > 3 || !plain) throw bad(op, text, whole);
  const [from, to, step] = parts.map((part) => (part === "" ? null : Number(part)));
  if (step === 0) {
    throw new ShapeError(`${op}: step 0 in "${whole}" leads nowhere. Use 1, 2 or -1.`);
  }
  return { kind: "range", from: from!, to: to!, step: step ?? 1 };
}

function itemsOf(op: string, x: Tensor, place: Place): Item[] {
  if (place === null) return [{ kind: "new" }];
  if (typeof place === "string") {
    return place.split(",").map((text) => parseOne(op, text.trim(), place));
  }
  if (typeof place === "number") {
    if (Number.isInteger(place)) return [{ kind: "one", index: place }];
    throw new ShapeError(`${op}: place ${place} is not a whole number. Round it first.`);
  }
  if (place instanceof Tensor) return [{ kind: "pick", index: place }];
  if (Array.isArray(place) && place.every(Number.isInteger)) {
    return [{ kind: "pick", index: indexList(place as number[], x.device) }];
  }
  throw new DTypeError(
    `${op}: a place is a number, text, null, a list of whole numbers or a tensor; got ` +
      `${typeof place} ${String(place)}. For a mask make a bool tensor.`,
  );
}

const axesOf = (item: Item): number => {
  if (item.kind === "new" || item.kind === "rest") return 0;
  return item.kind === "pick" && item.index.dtype === "bool" ? item.index.rank : 1;
};

/** The places in order, each axis named: "..." and what is left out are written as ranges. */
export function readPlaces(op: string, x: Tensor, places: readonly Place[]): Item[] {
  const items = places.flatMap((place) => itemsOf(op, x, place));
  const named = items.reduce((n, item) => n + axesOf(item), 0);
  const rests = items.filter(({ kind }) => kind === "rest").length;
  if (named > x.rank || rests > 1) {
    throw new ShapeError(
      `${op}: ${rests > 1 ? `"..." stands ${rests} times` : `${named} axes are named`}; got a ` +
        `tensor of shape ${show(x.shape)}. Name each axis once, and "..." once at most.`,
    );
  }
  const open = new Array<Item>(x.rank - named).fill(WHOLE);
  if (rests === 0) return [...items, ...open];
  return items.flatMap((item) => (item.kind === "rest" ? open : [item]));
}

/** A place counted from 0. @throws IndexError when it is outside the axis */
export function fixed(op: string, index: number, size: number, axis: number): number {
  const at = index < 0 ? index + size : index;
  if (at >= 0 && at < size) return at;
  throw new IndexError(
    `${op}: place ${index} does not lie on axis ${axis} of size ${size}. ` +
      (size === 0 ? "The axis is empty." : `Use one from ${-size} to ${size - 1}.`),
  );
}
