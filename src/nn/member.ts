import { ValueError } from "../core/errors.ts";
import { Module } from "./module.ts";

/** @throws ValueError unless `module` is a module and `name` can be a part of a state dict's names */
export function checkMember(owner: string, name: string, module: unknown): void {
  if (!(module instanceof Module)) {
    throw new ValueError(
      `${owner}: "${name}" is not a module; got ${typeof module}. ` +
        "Make layers with new, such as new ReLU(); functions are called in a module's forward.",
    );
  }
  if (name !== "" && !name.includes(".")) return;
  throw new ValueError(
    `${owner}: a name is empty or has a dot, which parts the names of a state dict; ` +
      `got "${name}". Use another.`,
  );
}
