import type { SeedOptions } from "../draws.ts";
import type { Lengths } from "./checks.ts";

export interface RecurrentOptions extends SeedOptions {
  /** Layers, each over the outputs of the one below; the default is 1. */
  readonly numLayers?: number;
  /** Adds learned biases; the default is true. */
  readonly bias?: boolean;
  /** x and outputs are [batch, steps, features] instead of [steps, batch, features]. */
  readonly batchFirst?: boolean;
  /** In training, the probability of dropping an output of any layer but the last. */
  readonly dropout?: number;
  /** Reads each sequence backwards too; the outputs of both directions lie side by side. */
  readonly bidirectional?: boolean;
}

export interface LengthOptions {
  /**
   * How long the sequences are, where they are padded to the longest. Outputs past the end are 0,
   * the final state is that at the end of each sequence, and backward reading starts there. Give a
   * compiled step a tensor; where only the device knows its values, a length above the steps of x
   * counts as these, and below 1 the state stays as it was.
   */
  readonly lengths?: Lengths | null;
}

/** For `toString`, which leaves them out. */
export const DEFAULTS = {
  nonlinearity: "tanh",
  projSize: 0,
  numLayers: 1,
  bias: true,
  batchFirst: false,
  dropout: 0,
  bidirectional: false,
};
