/**
 * How a layer is built, in the form of a call: `Conv2d(1, 16, 3, { padding: 1 })`. Options that
 * have the value in `defaults` are left out.
 */
export function repr(
  layer: object,
  args: readonly unknown[] = [],
  options: Readonly<Record<string, unknown>> = {},
  defaults: Readonly<Record<string, unknown>> = {},
): string {
  const named = Object.entries(options)
    .map(([name, value]) => [name, text(value)] as const)
    .filter(([name, value]) => value !== "undefined" && value !== text(defaults[name]))
    .map(([name, value]) => `${name}: ${value}`);
  const last = named.length > 0 ? [`{ ${named.join(", ")} }`] : [];
  return `${layer.constructor.name}(${[...args.map(text), ...last].join(", ")})`;
}

/** Equal numbers for all axes are written as one. */
function text(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (!Array.isArray(value)) return String(value);
  const equal = value.length > 0 && value.every((item) => item === value[0]);
  return equal ? text(value[0]) : `[${value.map(text).join(", ")}]`;
}
