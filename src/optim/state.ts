import { ValueError } from "../core/errors.ts";
import { type Shape, sameShape, show } from "../core/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { Member, Members, ParameterGroup, Progress } from "./parameterGroups.ts";
import { checkOptions, type Options, type Rule } from "./rule.ts";
import type { Window } from "./update.ts";

/** How far one parameter is. */
export interface ParameterState {
  readonly name: string;
  readonly shape: Shape;
  readonly t: number;
  readonly numbers: Readonly<Record<string, number>>;
  /** Equal for parameters that have had gradients at the same steps. */
  readonly together: number;
}

export interface OptimizerState {
  readonly rule: string;
  readonly groups: readonly { readonly name: string; readonly options: Options }[];
  readonly parameters: readonly ParameterState[];
  /** Slots by name and number of the parameter: `m.0`, `v.0`, `m.1`, … */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** As it comes back from a file: names by parameters may differ. */
export type LoadedState = OptimizerState;

/** An optimizer, as its state knows it. */
export interface Holder {
  readonly rule: Rule;
  readonly members: Members;
  readonly windows: readonly Window[];
  readonly skipped: Variable | null;
}

type Groups = readonly ParameterGroup<never>[] | readonly ParameterGroup[];

export function stateOf(holder: Holder, groups: Groups): OptimizerState {
  const { rule, members } = holder;
  const all = [...new Set(members.list.map(({ progress }) => progress))];
  return {
    rule: rule.name,
    groups: groups.map(({ name, options }) => ({ name, options: { ...(options as Options) } })),
    parameters: members.list.map(({ variable: { name, shape }, progress }) => {
      const { t, numbers } = progress;
      return { name, shape, t, numbers: { ...numbers }, together: all.indexOf(progress) };
    }),
    tensors: new Map(places(holder).map(({ key, read }) => [key, read()])),
  };
}

/** Everything that the state holds as tensors, with how to read and write it. */
function places({ windows, members, skipped }: Holder) {
  const slots = windows.flatMap((window) =>
    window.members.flatMap((member, i) =>
      [...window.slots].map(([slot, values]) => ({
        key: `${slot}.${members.list.indexOf(member)}`,
        read: () => new Tensor(values.leaf(i)),
        write: (value: Tensor) => values.assignPart(i, value.node),
      })),
    ),
  );
  const shared = windows.flatMap((window) => [...window.shared]);
  const variables = skipped === null ? shared : [...shared, ["skipped", skipped] as const];
  return [
    ...slots,
    ...variables.map(([key, variable]) => ({
      key,
      read: () => new Tensor(variable.node),
      write: (value: Tensor) => variable.assign(value),
    })),
  ];
}

/** @throws ValueError naming everything that does not fit; nothing is changed then */
export function loadOptimizerState(holder: Holder, groups: Groups, state: LoadedState): void {
  const { rule, members } = holder;
  const own = places(holder);
  const problems = misfits(rule, groups.length, members.list, own, state);
  if (problems.length > 0) {
    throw new ValueError(
      `${rule.name}.loadStateDict: the state does not fit; got ${problems.join("; ")}. ` +
        "Build the optimizer as it was when the state was saved.",
    );
  }
  groups.forEach(({ options }, i) => {
    Object.assign(options, state.groups[i].options);
  });
  const known = new Map<string, Progress>();
  members.list.forEach((member, i) => {
    const { t, numbers, together } = state.parameters[i];
    const { group } = member.progress;
    const key = `${(groups as readonly unknown[]).indexOf(group)} ${together}`;
    const progress = known.get(key) ?? { group, t, numbers: { ...numbers } };
    known.set(key, progress);
    member.progress = progress;
  });
  members.version++;
  for (const { key, write } of own) write(state.tensors.get(key)!);
}

function misfits(
  rule: Rule,
  groups: number,
  members: readonly Member[],
  own: ReturnType<typeof places>,
  state: LoadedState,
): string[] {
  const problems: string[] = [];
  if (state.rule !== rule.name) problems.push(`the state of ${state.rule}`);
  if (state.groups.length !== groups) {
    problems.push(`${state.groups.length} groups, the optimizer has ${groups}`);
  }
  if (state.parameters.length !== members.length) {
    problems.push(`${state.parameters.length} parameters, the optimizer has ${members.length}`);
  }
  members.forEach(({ variable: { name, shape } }, i) => {
    const given = state.parameters[i];
    if (given === undefined || sameShape(given.shape, shape)) return;
    problems.push(`"${given.name}" ${show(given.shape)} for "${name}" ${show(shape)}`);
  });
  for (const { options } of state.groups) {
    try {
      checkOptions(rule, options);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  for (const { key, read } of own) {
    const value = state.tensors.get(key);
    const { shape, dtype } = read();
    if (value === undefined) problems.push(`"${key}" ${show(shape)} is missing`);
    else if (!sameShape(value.shape, shape) || value.dtype !== dtype) {
      problems.push(
        `"${key}" is ${value.dtype} ${show(value.shape)}, the optimizer has ${dtype} ${show(shape)}`,
      );
    }
  }
  const names = new Set(own.map(({ key }) => key));
  for (const key of state.tensors.keys()) {
    if (!names.has(key)) problems.push(`"${key}" is not in the optimizer`);
  }
  return problems;
}
