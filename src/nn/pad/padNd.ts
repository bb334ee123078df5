import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { type PadMode, pad } from "../../ops/movement/pad.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";

/** One number for all sides, or pairs as [left, right, top, bottom, front, back]. */
export type Sides = number | readonly number[];

/** What all padding layers share: elements put around the last 1 to 3 axes. */
export abstract class PadNd extends Module {
  /** Pairs (before, after), the last axis first; negative ones cut elements off. */
  readonly padding: readonly number[];
  readonly #mode: PadMode;
  readonly #name: string;

  /** @throws ValueError unless padding is one whole number, or two for each axis */
  constructor(name: string, mode: PadMode, axes: number, padding: Sides) {
    super();
    const list = typeof padding === "number" ? new Array<number>(2 * axes).fill(padding) : padding;
    if (list.length !== 2 * axes || !list.every(Number.isInteger)) {
      const sides = ["left", "right", "top", "bottom", "front", "back"].slice(0, 2 * axes);
      throw new ValueError(
        `${name}: padding is one whole number for all sides, or [${sides.join(", ")}]; got ` +
          `${typeof padding === "number" ? padding : show(padding)}. Give for example 1.`,
      );
    }
    this.padding = list;
    this.#mode = mode;
    this.#name = name;
  }

  /** What stands in the padding, for the constant one. */
  protected fill(): number {
    return 0;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]
   * @throws ShapeError for fewer axes, or a padding that reaches further than the mode can see
   */
  forward(x: Tensor): Tensor {
    const axes = this.padding.length / 2;
    if (x.rank < axes) {
      throw new ShapeError(
        `${this.#name}: the input has fewer than ${axes} axes; got ${show(x.shape)}. Reshape it, ` +
          "or use the layer for its number of axes.",
      );
    }
    return pad(x, this.padding, { mode: this.#mode, value: this.fill() });
  }

  override toString(): string {
    return repr(this, [this.padding]);
  }
}
