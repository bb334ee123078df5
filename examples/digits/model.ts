import {
  Adam,
  AdamW,
  type Layer as AnyLayer,
  Linear,
  type Module,
  type Parameter,
  ReLU,
  Sequential,
  SGD,
} from "tapegrad";

/** The optimizers on offer, with the rate each starts from; Adam's depends on the data set. */
export const optimizers = {
  sgd: { lr: 0.1, make: (params: Parameter[], lr: number) => new SGD(params, { lr }) },
  momentum: {
    lr: 0.05,
    make: (params: Parameter[], lr: number) => new SGD(params, { lr, momentum: 0.9 }),
  },
  nesterov: {
    lr: 0.05,
    make: (params: Parameter[], lr: number) =>
      new SGD(params, { lr, momentum: 0.9, nesterov: true }),
  },
  adam: { lr: null, make: (params: Parameter[], lr: number) => new Adam(params, { lr }) },
  adamw: {
    lr: null,
    make: (params: Parameter[], lr: number) => new AdamW(params, { lr }),
  },
} as const;

export type OptimizerName = keyof typeof optimizers;

/** A multi-layer perceptron: linear layers of these widths with ReLU between them. */
export function buildModel(widths: readonly number[]): Sequential {
  const layers: AnyLayer[] = [];
  for (let i = 0; i + 1 < widths.length; i++) {
    if (i > 0) layers.push(new ReLU());
    layers.push(new Linear(widths[i]!, widths[i + 1]!));
  }
  return new Sequential(...layers);
}

/** A layer, and which of the model's parameters are its own. */
export interface Layer {
  name: string;
  parameters: number[];
}

/** Groups "0.weight" and "0.bias" into "linear 1", in the order of `model.parameters()`. */
export function layersOf(model: Module): Layer[] {
  const byPrefix = new Map<string, Layer>();
  let index = 0;
  for (const [name] of model.namedParameters()) {
    const prefix = name.slice(0, name.lastIndexOf("."));
    const layer = byPrefix.get(prefix) ?? { name: `linear ${byPrefix.size + 1}`, parameters: [] };
    layer.parameters.push(index++);
    byPrefix.set(prefix, layer);
  }
  return [...byPrefix.values()];
}
