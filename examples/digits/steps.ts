import { clipGradNorm, compile, crossEntropy, type Sequential, type Tensor } from "tapegrad";
import type { TrainConfig } from "./config.ts";
import { type Layer, optimizers } from "./model.ts";
import type { GradientNorms, StepRecord } from "./records.ts";

/** What one step leaves on the device; read when the epoch is over. */
export interface StepOutput {
  loss: Tensor;
  total: Tensor;
  perParameter: Tensor;
}

export type Step = (x: Tensor, y: Tensor) => Promise<StepOutput>;

/** Forward, backward, clipping and the optimizer as one submit. */
export function compileStep(model: Sequential, { optimizer, lr, clip }: TrainConfig): Step {
  const parameters = model.parameters();
  const opt = optimizers[optimizer].make(parameters, lr);
  const step = (x: Tensor, y: Tensor): StepOutput => {
    const loss = crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    const { total, perParameter } = clipGradNorm(parameters, clip);
    opt.step();
    return { loss, total, perParameter };
  };
  // The last batch of an epoch is smaller and becomes a capture of its own: nothing to warn of.
  return compile(step, { onCapture: () => {} });
}

/** Reads an epoch's losses and norms in one go; a read at each step would stall the device. */
export function readSteps(
  outputs: readonly StepOutput[],
  layers: readonly Layer[],
): Promise<StepRecord[]> {
  return Promise.all(
    outputs.map(async ({ loss, total, perParameter }) => {
      const norms = await perParameter.data();
      const record = {
        loss: await loss.item(),
        total: await total.item(),
        layers: layers.map(({ parameters }) => Math.hypot(...parameters.map((i) => norms[i]!))),
      };
      for (const read of [loss, total, perParameter]) read.dispose();
      return record;
    }),
  );
}

export function meanNorms(steps: readonly GradientNorms[]): GradientNorms {
  return {
    total: mean(steps.map(({ total }) => total)),
    layers: (steps[0]?.layers ?? []).map((_, i) => mean(steps.map(({ layers }) => layers[i]!))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
