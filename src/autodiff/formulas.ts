import type { Op } from "../core/ir.ts";
import type { RegisteredOp } from "../tensor/op.ts";

/** The local derivative of an op as a formula for each input, and what it calls the inputs. */
export type Formula = Pick<RegisteredOp, "derivative" | "operands">;

/**
 * Formulas of ops by name. None in the sources, where they stand in the ops; the built package has
 * them here (scripts/apart.ts), so that a page without a tape does without.
 */
export const formulas: Readonly<Record<string, Formula>> = {};

/** @returns nothing for what is no op of the library's or the user's, such as a leaf */
export function formulaOf(op: Op): Partial<Formula> {
  const { derivative, operands } = op as Partial<RegisteredOp>;
  return { ...formulas[op.name], ...(derivative && { derivative, operands }) };
}
