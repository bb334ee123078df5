import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";

/** A layer that is a function of its input alone. Unless it says otherwise, the shape stays. */
export abstract class Activation extends Module {
  abstract forward(x: Tensor): Tensor;

  /** What the constructor was called with: positional arguments. */
  protected args(): readonly unknown[] {
    return [];
  }

  override toString(): string {
    return repr(this, this.args());
  }
}
