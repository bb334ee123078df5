import type { Variable } from "../../tensor/variable.ts";

/** What a wrapper needs of an optimizer. */
export interface Steppable {
  readonly parameters: Iterable<Variable>;
  step(): Promise<void>;
  zeroGrad(): void;
}
