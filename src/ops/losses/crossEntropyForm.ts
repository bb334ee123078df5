import type { Attrs } from "../../core/ir.ts";

export interface CrossEntropyAttrs extends Attrs {
  /**
   * "rows": one loss per row; "shares": the same, divided by their number. "mean", "sum": one loss
   * for all, from a single workgroup.
   */
  readonly form: "rows" | "shares" | "mean" | "sum";
  /** Labels are probabilities in the shape of the logits; else they are classes. */
  readonly soft: boolean;
  /** Host data told that every label is a class: the device need not look. */
  readonly trusted: boolean;
}

export const weightOf = (form: CrossEntropyAttrs["form"], rows: number): number =>
  form === "mean" || form === "shares" ? 1 / rows : 1;

export const perRow = (form: unknown): boolean => form === "rows" || form === "shares";
