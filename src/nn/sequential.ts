import type { Tensor } from "../tensor/tensor.ts";
import { type Layer, Module } from "./module.ts";

/** Layers one after the other. Their names in a state dict are their places: `0.weight`. */
export class Sequential extends Module {
  readonly layers: readonly Layer[];

  constructor(...layers: Layer[]) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }

  protected override members(): Iterable<[string, unknown]> {
    return this.layers.map((layer, i) => [String(i), layer]);
  }
}
