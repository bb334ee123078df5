import { ValueError } from "../core/errors.ts";
import type { Variable } from "../tensor/variable.ts";
import type { GivenGroup } from "./parameterGroups.ts";

/** What has named parameters: a module. */
export interface Named {
  namedParameters(): readonly (readonly [string, Variable])[];
}

type Groups = GivenGroup<{ weightDecay: number; lr: number }>[];

/**
 * Two groups: weights with `weightDecay`, and biases and the parameters of norms (all with fewer than
 * two axes) without any: `new AdamW(optim.decayGroups(model, 0.01), { lr: 1e-3 })`.
 */
export function decayGroups(model: Named, weightDecay: number): Groups {
  const all = model.namedParameters().map(([, parameter]) => parameter);
  const groups = [
    { name: "decay", params: all.filter(({ rank }) => rank >= 2), weightDecay },
    { name: "no decay", params: all.filter(({ rank }) => rank < 2), weightDecay: 0 },
  ];
  return groups.filter(({ params }) => params.length > 0);
}

/** The layer that a parameter belongs to: its name without the last part. */
const layerOf = (name: string): string => name.split(".").slice(0, -1).join(".");

function layersOf(model: Named): Map<string, Variable[]> {
  const layers = new Map<string, Variable[]>();
  for (const [name, parameter] of model.namedParameters()) {
    const layer = layerOf(name);
    layers.set(layer, [...(layers.get(layer) ?? []), parameter]);
  }
  return layers;
}

/**
 * A group for each layer, whose rate is `lr` for the last and `decay` times less for each one before
 * (Howard & Ruder 2018, arXiv:1801.06146, discriminative fine-tuning).
 */
export function layerwiseDecay(model: Named, lr: number, decay: number): Groups {
  if (!(decay > 0 && decay <= 1)) {
    throw new ValueError(
      `layerwiseDecay: decay must be above 0 and at most 1; got ${decay}. Use a value such as 0.9.`,
    );
  }
  const layers = [...layersOf(model)];
  return layers.map(([name, params], i) => {
    return { name, params, lr: lr * decay ** (layers.length - 1 - i) };
  });
}

/**
 * Trains the last layer first and one more layer from the end with each `next()` (Howard & Ruder
 * 2018, section 3.3). A frozen parameter has no gradient, so that optimizers leave it alone; compiled
 * steps are captured anew.
 */
export class GradualUnfreezing {
  readonly #layers: readonly (readonly Variable[])[];
  #trained = 0;

  constructor(model: Named) {
    this.#layers = [...layersOf(model).values()];
    this.next();
  }

  /** Layers that train now, counted from the last. */
  get trained(): number {
    return this.#trained;
  }

  /** One more layer trains. @returns false when all did already */
  next(): boolean {
    if (this.#trained === this.#layers.length) return false;
    this.#trained++;
    const first = this.#layers.length - this.#trained;
    this.#layers.forEach((layer, i) => {
      for (const parameter of layer) {
        parameter.requiresGrad = i >= first;
        if (i < first) parameter.grad = null;
      }
    });
    return true;
  }
}
