import * as tg from "../../../src/index.ts";
import type { Argument, Arguments } from "../arguments.ts";
import { hostValues } from "../golden.ts";

/** Forms in which PyTorch takes sizes, places and lists of tensors. */

/** Sizes as one list or one by one: x.expand([2, 3]) and x.expand(2, 3). */
export function sizes(a: Arguments, name: string): number[] {
  const list = a.any(name) as Argument;
  if (list === undefined) return [];
  const flat = Array.isArray(list) && list.length === 1 && Array.isArray(list[0]) ? list[0] : list;
  if (Array.isArray(flat) && flat.every((n) => typeof n === "number")) return flat as number[];
  if (typeof list === "number") return [list];
  throw a.without(`${name} = ${JSON.stringify(list)}`);
}

export const maybe = (a: Arguments, name: string): number | undefined =>
  a.has(name) ? a.number(name) : undefined;

/** A number, or a tensor of one element that the case gives where a number is meant. */
export function place(a: Arguments, name: string): number {
  const value = a.any(name);
  return value instanceof tg.Tensor ? Number(hostValues(value)[0]) : a.number(name);
}

/** A number of parts, a list of places, or a tensor of either. */
export function cuts(a: Arguments): tg.Cuts {
  const name = ["indices_or_sections", "indices", "sections"].find((n) => a.has(n)) ?? "sections";
  const value = a.any(name);
  if (value instanceof tg.Tensor || typeof value === "number") return value;
  return a.numbers(name);
}

/** Tensors as one list or one by one. */
export function several(a: Arguments, name = "tensors"): tg.Tensor[] {
  const given = a.any(name) as readonly Argument[];
  const list = given.flatMap((t) => (Array.isArray(t) ? (t as readonly Argument[]) : [t]));
  if (list.every((t) => t instanceof tg.Tensor)) return list;
  throw a.without("what is no list of tensors");
}
