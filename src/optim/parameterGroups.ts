import { ValueError } from "../core/errors.ts";
import type { Variable } from "../tensor/variable.ts";
import { checkOptions, type Options, type Rule, type Widened } from "./rule.ts";

/** Parameters with options of their own, as a user gives them; options left out are the default. */
export type GivenGroup<O> = {
  readonly params: Iterable<Variable>;
  readonly name?: string;
} & Partial<O>;

/** Parameters with options of their own; a changed option counts from the next step on. */
export interface ParameterGroup<O = Options> {
  readonly params: readonly Variable[];
  readonly name: string;
  readonly options: Widened<O>;
}

/** How far an optimizer is with some parameters: those that have had a gradient equally often. */
export interface Progress {
  readonly group: ParameterGroup;
  /** Steps made. */
  t: number;
  /** The rule's numbers (see `Rule.numbers`). */
  numbers: Record<string, number>;
}

/** One parameter of an optimizer. Parameters share a `Progress` until their counts differ. */
export interface Member {
  readonly variable: Variable;
  progress: Progress;
}

/** All parameters of an optimizer with their progress. */
export class Members {
  list: readonly Member[];
  /** Changes when a parameter comes, or its progress becomes another: what was recorded is over. */
  version = 0;

  constructor(list: readonly Member[]) {
    this.list = list;
  }
}

/**
 * Groups from what a constructor is given: parameters, or groups of them with options.
 * @throws ValueError when a group's options are wrong, or what is given is neither
 */
export function groupsOf<O extends Options>(
  rule: Rule,
  given: Iterable<Variable> | Iterable<GivenGroup<O>>,
  defaults: Options,
): ParameterGroup[] {
  const list = [...(given as Iterable<Variable | GivenGroup<O>>)];
  if (!list.some(isGroup)) return [groupOf(rule, { params: list as Variable[] }, defaults, 0)];
  return list.map((entry, i) => {
    if (isGroup(entry)) return groupOf(rule, entry, defaults, i);
    throw new ValueError(
      `${rule.name}: entry ${i} is not a group, but others are; got ${String(entry)}. ` +
        "Pass parameters alone, or groups alone: [{ params, lr: 0.1 }, { params: others }].",
    );
  });
}

const isGroup = <O>(entry: unknown): entry is GivenGroup<O> =>
  typeof entry === "object" && entry !== null && "params" in entry;

/** A group with the options that it leaves out. @throws ValueError when its options are wrong */
export function groupOf<O>(
  rule: Rule,
  { params, name, ...own }: GivenGroup<O>,
  defaults: Options,
  index: number,
): ParameterGroup {
  const options = { ...defaults, ...withoutUndefined(own) };
  checkOptions(rule, options);
  return { params: [...params], name: name ?? `group ${index}`, options };
}

/** @throws ValueError when a group cannot be added to an optimizer that has these parameters */
export function checkAdded(rule: Rule, { params }: ParameterGroup, present: Variable[]): void {
  const twice = params.find((p) => present.includes(p));
  if (twice === undefined && rule.shared === undefined) return;
  throw new ValueError(
    twice === undefined
      ? `${rule.name}.addParamGroup: it looks at all parameters at once. Make a new optimizer.`
      : `${rule.name}.addParamGroup: it has "${twice.name}" already. Leave it out.`,
  );
}

/** An option given as undefined is one that was left out. */
export const withoutUndefined = (options: object): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
