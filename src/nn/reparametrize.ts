import { ValueError } from "../core/errors.ts";
import { noGrad } from "../tensor/recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** A parameter that is computed from other variables, which stand in its place in state dicts. */
export interface Computed {
  /** The method that did it: "weightNorm". */
  readonly by: string;
  readonly property: string;
  /** The name in state dicts, to which the others' endings are added. */
  readonly name: string;
  readonly value: () => Tensor;
  /** What stands for it, by property. */
  readonly parts: Readonly<Record<string, Variable>>;
  /** Called when it becomes a plain parameter again. */
  readonly done?: () => void;
}

const computed = new WeakMap<Module, Computed[]>();
const listOf = (module: Module): Computed[] => computed.get(module) ?? [];

/** The parameter of a module by its property or its name in state dicts. */
export function findParameter(op: string, module: Module, name: string) {
  const known = module instanceof Module ? module.namedParameters() : [];
  const named = known.find(([n]) => n === name)?.[1];
  for (const [property, value] of Object.entries(module ?? {})) {
    if (!(value instanceof Parameter) || (property !== name && value !== named)) continue;
    const [stateName] = known.find(([, parameter]) => parameter === value)!;
    return { property, name: stateName, parameter: value };
  }
  throw new ValueError(
    `${op}: there is no parameter "${name}" in ${String(module)} itself; it has ` +
      `${known.map(([n]) => n).join(", ") || "none"}. Pass the layer that holds it and its name.`,
  );
}

/** Takes the parameter out of the module; its property gives what is computed. */
export function replaceParameter(module: Module, made: Computed): void {
  const { property, value, parts } = made;
  Reflect.deleteProperty(module, property);
  Object.assign(module, parts);
  // Not enumerable: it is no member of the module.
  Object.defineProperty(module, property, { get: value, configurable: true });
  computed.set(module, [...listOf(module), made]);
}

/** Puts a parameter with the present value back. */
export function restoreParameter(op: string, by: string, module: Module, name: string): void {
  const list = listOf(module);
  const found = list.find((c) => c.by === by && (c.property === name || c.name === name));
  if (found === undefined) {
    throw new ValueError(
      `${op}: "${name}" of ${String(module)} is not computed by ${by}. Call ${by} first, or ` +
        "give the name that it was called with.",
    );
  }
  const parameter = noGrad(() => new Parameter(found.value(), { name: found.name }));
  for (const part of Object.keys(found.parts)) Reflect.deleteProperty(module, part);
  Object.defineProperty(module, found.property, {
    value: parameter,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  computed.set(
    module,
    list.filter((c) => c !== found),
  );
  found.done?.();
}
