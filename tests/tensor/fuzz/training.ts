import { backward } from "../../../src/autodiff/backward.ts";
import { Generator } from "../../../src/ops/index.ts";
import { Adam, clipGradNorm, SGD } from "../../../src/optim/index.ts";
import { compile } from "../../../src/tensor/compile.ts";
import type { Device } from "../../../src/tensor/device.ts";
import { recorder } from "../../../src/tensor/recorder.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Variable } from "../../../src/tensor/variable.ts";
import type { Result, Results } from "./difference.ts";
import type { CaseData } from "./graphData.ts";
import { Recording, type Shared } from "./recording.ts";

const STEPS = 4;

/** Losses of a few steps and the parameters after them: every leaf with a gradient is one. */
export async function train(data: CaseData, device: Device, compiled: boolean): Promise<Results> {
  recorder.device = device;
  const shared = new Lasting();
  const first = new Recording(data, device, shared);
  const parameters = first.leaves as Variable[];
  if (first.loss()?.requiresGrad !== true) return new Map();
  const record = recordStep(data, parameters, () => new Recording(data, device, shared).loss()!);
  const step = compile(() => record().loss);
  const losses: Tensor[] = [];
  for (let i = 0; i < STEPS; i++) {
    if (compiled) losses.push(await step());
    else {
      const { loss, done } = record();
      await done;
      losses.push(loss);
    }
  }
  return readAll(losses, parameters);
}

function recordStep(data: CaseData, parameters: Variable[], lossOf: () => Tensor) {
  const { optimizer, clip } = data.training!;
  const opt =
    optimizer === "sgd" ? new SGD(parameters, { lr: 1e-2, momentum: 0.9 }) : new Adam(parameters);
  return () => {
    const loss = lossOf();
    opt.zeroGrad();
    backward(loss);
    if (clip) clipGradNorm(parameters, 0.5);
    return { loss, done: opt.step() };
  };
}

/** Leaves stay the same ones from step to step, and generators go on. */
class Lasting implements Shared {
  readonly #leaves: Tensor[] = [];
  readonly #generators: Generator[] = [];

  leaf(index: number, fresh: () => Tensor): Tensor {
    this.#leaves[index] ??= asParameter(fresh());
    return this.#leaves[index];
  }

  generator(seed: number): Generator {
    this.#generators[seed] ??= new Generator(seed);
    return this.#generators[seed];
  }
}

const asParameter = (leaf: Tensor): Tensor =>
  leaf.requiresGrad ? new Variable(leaf, { requiresGrad: true }) : leaf;

async function readAll(losses: readonly Tensor[], parameters: readonly Tensor[]) {
  const results = new Map<string, Result>();
  for (const [i, t] of losses.entries()) results.set(`loss ${i}`, await t.data());
  for (const [i, t] of parameters.entries()) results.set(`parameter ${i}`, await t.data());
  return results;
}
