import type { Tensor } from "../../../src/index.ts";
import { type Argument, Arguments, Unsupported } from "../arguments.ts";
import { activations } from "./activations.ts";
import type { Adapter, Adapters, Result } from "./adapter.ts";
import { convolution } from "./conv.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { linalg } from "./linalg.ts";
import { linear } from "./linear.ts";
import { losses } from "./losses.ts";
import { movement } from "./movement.ts";
import { norm } from "./norm.ts";
import { pool } from "./pool.ts";
import { reduce } from "./reduce.ts";
import { resample } from "./resample.ts";
import { scans } from "./scan.ts";
import { sorting } from "./sort.ts";
import { special } from "./special.ts";

const adapters: Adapters = {
  ...elementwise,
  ...special,
  ...reduce,
  ...scans,
  ...sorting,
  ...movement,
  ...indexing,
  ...linear,
  ...linalg,
  ...activations,
  ...losses,
  ...norm,
  ...pool,
  ...resample,
  ...convolution,
};

/** Every PyTorch function that has an adapter. */
export const torchFunctions = (): string[] => Object.keys(adapters);

/** One name for `torch.add`, `Tensor.add`, `add`, `F.relu`, `nn.functional.relu`, `add:variant`. */
export function plainName(op: string): string {
  return op.replace(/:.*$/, "").replace(/^(torch\.|Tensor\.)?(nn\.functional\.|F\.)?/, "");
}

/** `F.unfold` and `Tensor.unfold` are two functions: a key with its namespace comes first. */
function adapterOf(op: string): Adapter | undefined {
  const name = plainName(op);
  const full = `nn.functional.${name}`;
  if (/^(torch\.)?(nn\.functional|F)\./.test(op) && Object.hasOwn(adapters, full)) {
    return adapters[full];
  }
  return Object.hasOwn(adapters, name) ? adapters[name] : undefined;
}

type Named = Readonly<Record<string, Argument>>;

const asList = (result: Result): readonly Tensor[] =>
  Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];

function begin(op: string, args: readonly Argument[], kwargs: Named): Result | Promise<Result> {
  const found = adapterOf(op);
  if (found === undefined) throw new Unsupported(op.replace(/:\s.*$/, ""));
  const bound = new Arguments(op, found.signature, args, kwargs);
  const result = found.call(bound);
  bound.finish();
  return result;
}

/** Calls tapegrad's export for a PyTorch function. @throws Unsupported where there is none */
export async function callOp(
  op: string,
  args: readonly Argument[],
  kwargs: Named,
): Promise<readonly Tensor[]> {
  return asList(await begin(op, args, kwargs));
}

/** The same inside a function that is differentiated, which cannot wait. */
export function callAtOnce(op: string, args: readonly Argument[], kwargs: Named): Tensor {
  const result = begin(op, args, kwargs);
  if (result instanceof Promise) throw new Unsupported(`${op} inside grad`);
  return asList(result)[0]!;
}
