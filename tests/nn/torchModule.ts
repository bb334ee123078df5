import * as nn from "../../src/nn/index.ts";

/** A PyTorch constructor call, recorded with tuples as lists and keywords in camelCase. */
export interface TorchCall {
  readonly module: string;
  readonly args: readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The same call of our constructor: keywords are the options object behind the other arguments. */
export function build({ module, args, options }: TorchCall): nn.Module {
  const known = nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>;
  const Class = known[module];
  if (Class === undefined) throw new Error(`nn.${module} is not there`);
  const last = options === undefined ? [] : [nested(options)];
  return new Class(...args.map(nested), ...last);
}

/** Arguments that are modules are built first. */
function nested(x: unknown): unknown {
  if (typeof x !== "object" || x === null) return x;
  if (Array.isArray(x)) return x.map(nested);
  if ("module" in x) return build(x as TorchCall);
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, nested(value)]));
}
