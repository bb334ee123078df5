import { IndexError, ValueError } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkMember } from "./member.ts";
import { type Layer, Module } from "./module.ts";

/** Layers by name, in the order in which they are called. */
export type NamedLayers = Readonly<Record<string, Layer>>;

/**
 * Layers one after the other. Their names in a state dict are their places (`0.weight`), or those
 * given: `new Sequential({ conv: new Conv2d(1, 8, 3), act: new ReLU() })`.
 */
export class Sequential extends Module {
  readonly #layers = new Map<string, Layer>();

  /** @throws ValueError for what is not a layer, or a name that cannot be one */
  constructor(...layers: Layer[] | [NamedLayers]) {
    super();
    const [first] = layers;
    // JavaScript would reorder names that are numbers; places need none.
    const named = layers.length === 1 && first?.constructor === Object;
    for (const [name, layer] of Object.entries(named ? first! : layers)) this.#add(name, layer);
  }

  get layers(): readonly Layer[] {
    return [...this.#layers.values()];
  }

  get length(): number {
    return this.#layers.size;
  }

  /** The layer at a place, counted from the end where negative. @throws IndexError */
  at(place: number): Layer {
    const layer = this.layers.at(place);
    if (layer !== undefined && Number.isInteger(place)) return layer;
    throw new IndexError(
      `Sequential: there is no layer ${place}; got ${this.length} layers. Count from 0, or ` +
        "from -1 backwards.",
    );
  }

  /** Adds a layer at the end; its name is its place. */
  append(layer: Layer): this {
    this.#add(String(this.length), layer);
    return this;
  }

  [Symbol.iterator](): Iterator<Layer> {
    return this.#layers.values();
  }

  forward(x: Tensor): Tensor {
    let value = x;
    for (const layer of this) value = layer.forward(value);
    return value;
  }

  protected override members(): Iterable<[string, unknown]> {
    return this.#layers;
  }

  #add(name: string, layer: Layer): void {
    checkMember("Sequential", name, layer);
    if (this.#layers.has(name)) {
      throw new ValueError(
        `Sequential: the name "${name}" is taken. Name the layers otherwise, or by their places.`,
      );
    }
    this.#layers.set(name, layer);
  }
}
