import { ValueError } from "../../core/errors.ts";
import { mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "../draws.ts";
import { registerForwardHook } from "../hooks.ts";
import type { Layer, Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { zeros } from "./initializer.ts";
import { orthogonal } from "./orthogonal.ts";

export interface LsuvOptions extends SeedOptions {
  /** How far from 1 a variance may be; the default is 0.1. */
  readonly tolerance?: number;
  /** How often the weight of one layer is scaled at most; the default is 10. */
  readonly maxIterations?: number;
}

/** What `lsuv` did to one layer. */
export interface LsuvLayer {
  /** Its name in the model: `layers.0`. */
  readonly name: string;
  /** The variance of its output, as it is now. */
  readonly variance: number;
  /** How often its weight was scaled. */
  readonly iterations: number;
}

/** A linear or convolutional layer: one weight between features or channels. */
type Weighted = Layer & { readonly weight: Parameter; readonly bias?: Parameter | null };

function isWeighted(module: Module): module is Weighted {
  const { weight, inFeatures, inChannels } = module as unknown as Record<string, unknown>;
  if (!(weight instanceof Parameter) || weight.rank < 2) return false;
  return inFeatures !== undefined || inChannels !== undefined;
}

/**
 * Layer-sequential unit variance: weights of linear and convolutional layers become orthogonal and
 * their biases 0; then, layer by layer in the order in which the model runs them, a weight is
 * divided by the standard deviation of the layer's output on `batch` until the variance is 1.
 * The model runs in evaluation mode. Layers that it does not reach are left as they were.
 * @returns the layers in the order of execution
 * @throws ValueError where an output has no positive, finite variance, or for wrong options
 * Source: Mishkin & Matas 2015, "All you need is a good init", arXiv:1511.06422, Algorithm 1.
 */
export async function lsuv(
  model: Layer,
  batch: Tensor,
  options: LsuvOptions = {},
): Promise<LsuvLayer[]> {
  const { tolerance = 0.1, maxIterations = 10 } = options;
  if (!(tolerance > 0) || !(maxIterations >= 1)) {
    throw new ValueError(
      `lsuv: tolerance must be above 0 and maxIterations at least 1; got ${tolerance} and ` +
        `${maxIterations}. Use 0.1 and 10, for example.`,
    );
  }
  const modes = model.modules().map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    const layers = executed(model, batch);
    const generator = generatorOf(options);
    for (const { weight, bias } of layers.keys()) {
      weight.assign(orthogonal()(weight.shape, { generator }));
      bias?.assign(zeros()(bias.shape));
    }
    const done: LsuvLayer[] = [];
    for (const [layer, name] of layers) {
      const variance = () => varianceOf(name, outputOf(model, layer, batch));
      done.push({ name, ...(await normalize(layer, variance, tolerance, maxIterations)) });
    }
    return done;
  } finally {
    for (const { module, training } of modes) module.training = training;
  }
}

async function normalize(
  { weight }: Weighted,
  measure: () => Promise<number>,
  tolerance: number,
  maxIterations: number,
): Promise<Omit<LsuvLayer, "name">> {
  let variance = await measure();
  let iterations = 0;
  while (Math.abs(variance - 1) > tolerance && iterations < maxIterations) {
    const scale = 1 / Math.sqrt(variance);
    noGrad(() => weight.assign(mul(weight, scale)));
    iterations++;
    variance = await measure();
  }
  return { variance, iterations };
}

async function varianceOf(name: string, output: Tensor): Promise<number> {
  const variance = await noGrad(() => mean(square(sub(output, mean(output))))).item();
  if (variance > 0 && Number.isFinite(variance)) return variance;
  throw new ValueError(
    `lsuv: the output of layer "${name}" has the variance ${variance}, which no scale makes 1. ` +
      "Look for inputs that are all alike or not finite, and for units that are all off.",
  );
}

/** The layers that are normalized, with their names, in the order in which the model runs them. */
function executed(model: Layer, batch: Tensor): Map<Weighted, string> {
  const names = namedModules(model);
  const found = new Map<Weighted, string>();
  const layers = [...names.keys()].filter(isWeighted);
  watched(model, batch, layers, (layer) => {
    if (!found.has(layer)) found.set(layer, names.get(layer)!);
  });
  return found;
}

/** What a layer gives when the model runs; at the first time, where it runs more often. */
function outputOf(model: Layer, layer: Weighted, batch: Tensor): Tensor {
  let output: Tensor | undefined;
  watched(model, batch, [layer], (_, value) => {
    output ??= value;
  });
  return output!;
}

/** Runs the model, and tells what each of some layers gives. */
function watched(
  model: Layer,
  batch: Tensor,
  layers: readonly Weighted[],
  tell: (layer: Weighted, output: Tensor) => void,
): void {
  const handles = layers.map((layer) =>
    registerForwardHook(layer, (_, __, output) => {
      tell(layer, output);
      return undefined;
    }),
  );
  try {
    noGrad(() => model.forward(batch));
  } finally {
    for (const handle of handles) handle.remove();
  }
}

/** Every module once, under its first name. */
function namedModules(
  module: Module,
  prefix = "",
  found = new Map<Module, string>(),
): Map<Module, string> {
  if (found.has(module)) return found;
  found.set(module, prefix);
  for (const [name, child] of module.children()) {
    namedModules(child, prefix === "" ? name : `${prefix}.${name}`, found);
  }
  return found;
}
