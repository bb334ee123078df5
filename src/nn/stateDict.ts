import { ValueError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";

/** Tensors by name. */
export type StateDict = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

export interface LoadOptions {
  /** Names that only one side has are errors; the default is true. */
  readonly strict?: boolean;
}

/** Names that only the model, or only the state dict, has. */
export interface LoadResult {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/**
 * Assigns `state` to the variables of a model. A shared variable has several names; one of them is
 * enough. Everything is checked before anything is assigned.
 */
export function loadState(
  model: readonly (readonly [string, Variable])[],
  state: StateDict,
  ignored: readonly string[],
  { strict = true }: LoadOptions,
): LoadResult {
  const given = new Map(state instanceof Map ? state : Object.entries(state));
  const found = new Set(model.flatMap(([name, variable]) => (given.has(name) ? [variable] : [])));
  const missing = model.filter(([, variable]) => !found.has(variable));
  const names = new Set(model.map(([name]) => name));
  const isIgnored = (name: string) => ignored.includes(name.split(".").at(-1)!);
  const unexpected = [...given.keys()].filter((name) => !names.has(name) && !isIgnored(name));
  const problems = model.flatMap(([name, variable]) => misfit(name, variable, given.get(name)));
  if (strict) {
    problems.push(...missing.map(([name, v]) => `"${name}" ${show(v.shape)} is missing`));
    problems.push(...unexpected.map((name) => `"${name}" is not in the model`));
  }
  if (problems.length > 0) throw loadError(problems);
  for (const [name, variable] of model) {
    const value = given.get(name);
    if (value !== undefined) variable.assign(value);
  }
  return { missing: missing.map(([name]) => name), unexpected };
}

function misfit(name: string, variable: Variable, value: Tensor | undefined): string[] {
  if (value === undefined) return [];
  const problems: string[] = [];
  if (!sameShape(value.shape, variable.shape)) {
    problems.push(`"${name}" is ${show(value.shape)}, the model has ${show(variable.shape)}`);
  }
  if (value.dtype !== variable.dtype) {
    problems.push(`"${name}" is ${value.dtype}, the model has ${variable.dtype}`);
  }
  if (value.device !== variable.device) {
    problems.push(`"${name}" is on ${value.device}, the model on ${variable.device}`);
  }
  return problems;
}

function loadError(problems: readonly string[]): ValueError {
  const many = problems.length > 1 ? `${problems.length} entries do` : "an entry does";
  return new ValueError(
    `loadStateDict: ${many} not fit; got ${problems.join("; ")}. ` +
      "Build the model as it was when it was saved; { strict: false } skips names that only one " +
      "side has.",
  );
}
