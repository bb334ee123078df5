import type { Shape } from "../../core/shape.ts";
import { type PerAxis, perAxis } from "../../ops/conv/geometry.ts";
import type { WindowOptions } from "../../ops/pool/geometry.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";

/** The windows of the layers that slide one over the input. */
export abstract class WindowPool extends Module {
  /** One number for each spatial axis, as in stride and padding. */
  readonly kernelSize: Shape;
  readonly stride: Shape;
  readonly padding: Shape;
  readonly ceilMode: boolean;

  /** @throws ValueError for sizes that are no whole numbers */
  constructor(name: string, axes: number, kernelSize: PerAxis, options: WindowOptions) {
    super();
    const { stride, padding = 0, ceilMode = false } = options;
    this.kernelSize = perAxis(name, "kernelSize", kernelSize, axes, 1);
    this.stride = perAxis(name, "stride", stride ?? this.kernelSize, axes, 1);
    this.padding = perAxis(name, "padding", padding, axes, 0);
    this.ceilMode = ceilMode;
  }

  protected args(): readonly unknown[] {
    return [this.kernelSize];
  }

  /** Options that only some of these layers have, with their defaults. */
  protected more(): readonly [Record<string, unknown>, Record<string, unknown>] {
    return [{}, {}];
  }

  override toString(): string {
    const { kernelSize, stride, padding, ceilMode } = this;
    const [more, moreDefaults] = this.more();
    const defaults = { stride: kernelSize, padding: 0, ceilMode: false, ...moreDefaults };
    return repr(this, this.args(), { stride, padding, ceilMode, ...more }, defaults);
  }
}
