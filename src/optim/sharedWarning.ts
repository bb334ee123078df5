import type { Variable } from "../tensor/variable.ts";

/** Says that parameters of an optimizer were given to another before. */
export function warnOfShared(name: string, other: string, shared: readonly Variable[]): void {
  const names = shared.slice(0, 3).map((p) => `"${p.name}"`);
  const more = shared.length > 3 ? ` and ${shared.length - 3} more` : "";
  console.warn(
    `${name}: ${names.join(", ")}${more} given to ${other} before; both update the same values. ` +
      "Use one optimizer with a group for each, unless the other is done.",
  );
}
