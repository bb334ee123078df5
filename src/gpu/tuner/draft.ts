import type { Target, Variant } from "../../core/ir.ts";
import type { Choice, LaunchSpec, PlanSpec } from "../spec.ts";

/** A class of shapes with the variants its kernel offers: what one decision is about. */
export const classOf = (shapes: string, names: readonly string[]): string =>
  `${shapes} (${[...names].sort().join(" | ")})`;

export const classOfChoice = ({ shapes, names }: Choice): string => classOf(shapes, names);

/** Chooses by name where `nameOf` gives the name for a class, else as the static rule does. */
export function chooser(nameOf: (key: string) => string | undefined): Target["choose"] {
  return <V extends Variant>(shapes: string, variants: readonly V[]): V => {
    const names = variants.map(({ name }) => name);
    const wanted = nameOf(classOf(shapes, names));
    return variants.find(({ name }) => name === wanted) ?? variants[0];
  };
}

/** Launches with more than one stage share the array of what was decided for them. */
export function launchesOf({ launches }: PlanSpec): LaunchSpec[][] {
  const found: LaunchSpec[][] = [];
  for (const stage of launches) {
    const last = found.at(-1);
    if (last !== undefined && last[0].choices === stage.choices) last.push(stage);
    else found.push([stage]);
  }
  return found;
}

/** A decision to make, and the launch of the plan that stands for its class. */
export interface Question {
  readonly key: string;
  readonly shapes: string;
  /** The static rule's choice first. */
  readonly names: readonly string[];
  readonly launch: number;
}

/**
 * Decisions that can be made at the same time: no launch depends on two of them. Those that are
 * left are asked again when these are made.
 */
export function questionsOf(
  spec: PlanSpec,
  isOpen: (key: string, names: readonly string[]) => boolean,
): Question[] {
  const questions: Question[] = [];
  const touched = new Set<string>();
  launchesOf(spec).forEach(([{ choices }], launch) => {
    const real = choices.filter(({ names }) => names.length > 1);
    const keys = real.map(classOfChoice);
    const at = keys.findIndex((key, i) => isOpen(key, real[i].names));
    if (at < 0 || keys.some((key) => touched.has(key))) return;
    const { shapes, names } = real[at];
    questions.push({ key: keys[at], shapes, names, launch });
    for (const key of keys) touched.add(key);
  });
  return questions;
}
