import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Formula } from "../src/autodiff/formulas.ts";
import type { Kernel, Op, Pointwise, Reduction } from "../src/core/ir.ts";
import type { RegisteredOp } from "../src/tensor/op.ts";
import { BATCHES, FORMULAS, JAVASCRIPT } from "./apart.ts";

/** Modules of the built package, as far as they are looked at. */
interface Built {
  readonly registry: readonly RegisteredOp[];
  readonly formulaOf: (op: Op) => Partial<Formula>;
  readonly referenceOf: (kernel: Kernel) => unknown;
  readonly elementOf: (op: Op, forward: Pointwise | Reduction) => unknown;
  readonly batchOf: (op: RegisteredOp) => unknown;
}

/** @throws where an op of the built package lacks what it has in the sources. */
export async function checkTables(dist: string, ops: readonly RegisteredOp[]): Promise<void> {
  const load = (path: string) => import(pathToFileURL(join(dist, path)).href);
  await load(join("src", "index.js"));
  const files = [join("src", "tensor", "op.js"), FORMULAS, JAVASCRIPT, BATCHES.file];
  const built = Object.assign({}, ...(await Promise.all(files.map(load)))) as Built;
  const byName = new Map(built.registry.map((op) => [op.name, op]));
  for (const op of ops) {
    const lost = lostBy(byName.get(op.name)!, op, built);
    if (lost !== undefined) throw new Error(`build: ${op.name} has lost its ${lost}.`);
  }
}

/** What an op of the built package lacks, if anything. */
function lostBy(op: RegisteredOp, source: RegisteredOp, built: Built): string | undefined {
  const { forward } = op;
  const { derivative, operands } = built.formulaOf(op);
  const isText = typeof source.derivative !== "function";
  if (isText && `${derivative}` !== `${source.derivative}`) return "formula";
  if (!isText && typeof derivative !== "function") return "formula";
  if (`${operands}` !== `${source.operands}`) return "letters";
  if (typeof source.batch !== typeof built.batchOf(op)) return "batching rule";
  if (forward.kind === "kernel" && built.referenceOf(forward) === undefined) return "reference";
  const isElement = forward.kind === "pointwise" || forward.kind === "reduction";
  return isElement && built.elementOf(op, forward) === undefined ? "JavaScript" : undefined;
}
