import { ValueError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";

/** Tensors by name. */
export type StateDict = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

export interface LoadStateOptions {
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
  optional: readonly string[],
  { strict = true }: LoadStateOptions,
): LoadResult {
  const given = entriesOf(state);
  const found = new Set(model.flatMap(([name, variable]) => (given.has(name) ? [variable] : [])));
  const needed = (name: string) => !optional.includes(name.split(".").at(-1)!);
  const missing = model.filter(([name, variable]) => !found.has(variable) && needed(name));
  const names = new Set(model.map(([name]) => name));
  const unexpected = [...given.keys()].filter((name) => !names.has(name) && needed(name));
  const problems = model.flatMap(([name, variable]) => misfit(name, variable, given.get(name)));
  let hint = "";
  if (strict) {
    hint = prefixHint(
      missing.map(([name]) => name),
      unexpected,
    );
    problems.push(...missing.map(([name, v]) => `"${name}" ${show(v.shape)} is missing`));
    problems.push(...unexpected.map((name) => `"${name}" is not in the model`));
  }
  if (problems.length > 0) throw loadError(problems, hint);
  for (const [name, variable] of model) {
    const value = given.get(name);
    if (value !== undefined) variable.assign(value);
  }
  return { missing: missing.map(([name]) => name), unexpected };
}

/** @throws ValueError for what is no Map or plain object: a key `__proto__` is no entry of those. */
function entriesOf(state: StateDict): ReadonlyMap<string, Tensor> {
  if (state instanceof Map) return state;
  const plain = typeof state === "object" && state !== null;
  const parent: unknown = plain ? Object.getPrototypeOf(state) : undefined;
  if (parent === null || parent === Object.prototype) return new Map(Object.entries(state));
  throw new ValueError(
    "loadStateDict: tensors by name are a Map or a plain object; got " +
      `${Object.prototype.toString.call(state)}. ` +
      "Pass model.stateDict() or what loadSafetensors gives.",
  );
}

function misfit(name: string, variable: Variable, value: Tensor | undefined): string[] {
  if (value === undefined) return [];
  if (!(value instanceof Tensor)) return [`"${name}" is no tensor but ${typeof value}`];
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

/** How to rename, where names differ by one prefix only: what wraps a model adds "module.". */
function prefixHint(missing: readonly string[], unexpected: readonly string[]): string {
  const pairs = missing.flatMap((own) => unexpected.map((given) => [own, given] as const));
  for (const [own, given] of pairs) {
    const [long, short] = own.length > given.length ? [own, given] : [given, own];
    const prefix = long.slice(0, -short.length);
    if (!long.endsWith(`.${short}`)) continue;
    const [others, all] = long === given ? [missing, unexpected] : [unexpected, missing];
    if (!others.every((name) => all.includes(prefix + name))) continue;
    return ` Names differ by the prefix "${prefix}" only: ${long === given ? "remove" : "add"} it first.`;
  }
  return "";
}

function loadError(problems: readonly string[], hint: string): ValueError {
  const many = problems.length > 1 ? `${problems.length} entries do` : "an entry does";
  return new ValueError(
    `loadStateDict: ${many} not fit; got ${problems.join("; ")}. ` +
      "Build the model as it was when it was saved; { strict: false } skips names that only one " +
      `side has.${hint}`,
  );
}
