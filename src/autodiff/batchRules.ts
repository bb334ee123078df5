import type { RegisteredOp } from "../tensor/op.ts";

/**
 * Batching rules of ops by name. None in the sources, where they stand in the ops; the built
 * package has here what it could move (scripts/apart.ts), so that a page without vmap does without.
 */
export const batchRules: Readonly<Record<string, RegisteredOp["batch"]>> = {};

export const batchOf = (op: RegisteredOp): RegisteredOp["batch"] => op.batch ?? batchRules[op.name];
