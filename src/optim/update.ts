import { cast } from "../ops/elementwise/cast.ts";
import { isFinite as finiteAt, logicalAnd, where } from "../ops/elementwise/compare.ts";
import { cat } from "../ops/movement/join.ts";
import { narrow } from "../ops/movement/slice.ts";
import { constantLike } from "../ops/rules.ts";
import type { Flat } from "../tensor/flat.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { byPlace, pieces } from "./byPlace.ts";
import type { FlatParameters } from "./flatParameters.ts";
import type { Member, Progress } from "./parameterGroups.ts";
import type { Rule } from "./rule.ts";
import type { Scalars } from "./steps.ts";

export type Tensors = Record<string, Tensor>;

/** Parameters in one buffer, and their slots of state, mostly element by element likewise. */
export interface Window {
  readonly flat: FlatParameters;
  readonly slots: ReadonlyMap<string, Flat>;
  /** State that all parameters share. */
  readonly shared: ReadonlyMap<string, Variable>;
  readonly members: readonly Member[];
  readonly tables: Map<string, Tensor>;
}

/** What one step does to every window. */
export interface Update {
  readonly rule: Rule;
  readonly scalars: ReadonlyMap<Progress, Scalars>;
  /** Whether the step happens at all, where it depends on the gradients. */
  readonly happens: Tensor | null;
  /** Elements of the gradient that are not finite count as 0. */
  readonly zeroed: boolean;
}

/** Computes what the parameters and slots of a window become. */
export type UpdateAll = (
  window: Window,
  update: Update,
  before: Tensors,
  /** Of each parameter; one that is left alone has that of a neighbour. */
  progress: readonly Progress[],
) => Tensors;

/** Neighbouring parameters that one formula updates: elements from `start` to `end`. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** Records the new parameters and slots of a window. */
export function updateWindow(window: Window, update: Update): void {
  const { flat, slots, shared, members } = window;
  const present = members.map(({ variable }) => variable.grad !== null);
  if (!present.includes(true)) return;
  const progress = fillGaps(members.map(({ progress: p }, i) => (present[i] ? p : null)));
  const before = tensorsOf(window, update.zeroed);
  const after = (update.rule.shaped ?? updateFlat)(window, update, before, progress);
  const ends = endsOf(flat.values);
  const partly = present.includes(false) && !update.rule.shaped;
  const kept = partly ? presence(ends, present, before.p) : null;
  const choose = (name: string, mask: Tensor | null): Tensor | null => {
    const value = after[name];
    if (value === undefined || value === before[name]) return null;
    return mask === null ? value : where(mask, value, before[name]);
  };
  const mask = both(kept, update.happens);
  const p = choose("p", mask);
  if (p !== null) flat.store(cast(p, flat.values.dtype));
  for (const [name, values] of slots) {
    const value = choose(name, mask);
    if (value !== null) values.assignWhole(cast(value, values.dtype).node);
  }
  for (const [name, variable] of shared) {
    const value = choose(name, update.happens);
    if (value !== null) variable.assign(value);
  }
}

/** The rule is computed in float32, and so is its state, whatever the parameters are. */
function tensorsOf({ flat, slots, shared }: Window, zeroed: boolean): Tensors {
  const g = cast(new Tensor(flat.flatGradient()), "float32");
  const tensors: Tensors = {
    p: cast(flat.now(), "float32"),
    g: zeroed ? where(finiteAt(g), g, 0) : g,
  };
  for (const [slot, values] of slots) tensors[slot] = new Tensor(values.whole());
  for (const [name, variable] of shared) tensors[name] = new Tensor(variable.node);
  return tensors;
}

/** All parameters of a run at once; numbers that differ are chosen by the place in the buffer. */
const updateFlat: UpdateAll = (window, update, before, progress) => {
  const { flat, members, shared, tables } = window;
  const { rule, scalars } = update;
  const ends = endsOf(flat.values);
  const runs = runsOf(
    progress.map((p) => flagsKey(rule, p)),
    ends,
  );
  const parts = runs.map(({ from, to, start, end }): Tensors => {
    const whole = runs.length === 1;
    const own = whole
      ? before
      : mapValues(before, (t, name) => (shared.has(name) ? t : narrow(t, 0, start, end - start)));
    const places = ends.slice(from, to).map((at) => at - start);
    const list = pieces(places, progress.slice(from, to));
    const names = Object.keys(scalars.get(progress[from])!);
    const numbers = Object.fromEntries(
      names.map((name) => [
        name,
        byPlace(list.map((piece) => ({ ...piece, value: scalars.get(piece.value)![name] }))),
      ]),
    );
    const shapes = members.slice(from, to).map(({ variable }) => variable.shape);
    const layers = { ends: places, shapes, tables };
    const flags = rule.flags(progress[from].group.options);
    return { ...own, ...(rule.rule(own, numbers, flags, layers) as Tensors) };
  });
  if (parts.length === 1) return parts[0];
  return mapValues(before, (_, name) =>
    shared.has(name) ? parts[0][name] : cat(parts.map((part) => part[name])),
  );
};

/** Where each segment ends, with the gap behind it. */
const endsOf = ({ segments, offsets, size }: Flat): number[] =>
  segments.map((_, i) => offsets[i + 1] ?? size);

/** Parameters that are left alone take the numbers of a neighbour: their results are dropped. */
function fillGaps(progress: readonly (Progress | null)[]): Progress[] {
  let last = progress.find((p) => p !== null)!;
  return progress.map((p) => {
    last = p ?? last;
    return last;
  });
}

/** What of a group's options makes another formula. */
export const flagsKey = (rule: Rule, { group }: Progress): string =>
  Object.values(rule.flags(group.options)).join();

function runsOf(keys: readonly string[], ends: readonly number[]): Run[] {
  const last = pieces(
    keys.map((_, i) => i + 1),
    keys,
  );
  return last.map(({ end: to }, i) => {
    const from = i === 0 ? 0 : last[i - 1].end;
    return { from, to, start: from === 0 ? 0 : ends[from - 1], end: ends[to - 1] };
  });
}

/** True at the elements of parameters that have a gradient. */
function presence(ends: readonly number[], present: readonly boolean[], like: Tensor): Tensor {
  return byPlace(
    pieces(ends, present).map(({ end, value }) => ({
      end,
      value: constantLike(Number(value), like, "bool"),
    })),
  );
}

const both = (a: Tensor | null, b: Tensor | null): Tensor | null =>
  a === null || b === null ? (a ?? b) : logicalAnd(a, b);

export const mapValues = (tensors: Tensors, f: (t: Tensor, name: string) => Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, f(t, name)]));
