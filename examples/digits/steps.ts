import type { Tensor } from "tapegrad";
import type { Layer } from "./model.ts";

/** What one step leaves on the device; read when the epoch is over. */
export interface StepOutput {
  loss: Tensor;
  total: Tensor;
  perParameter: Tensor;
}

/** Norms of the gradients before clipping: of all of them, and of each layer. */
export interface GradientNorms {
  total: number;
  layers: number[];
}

/** Reads an epoch's losses and norms in one go; a read at each step would stall the device. */
export async function readSteps(outputs: StepOutput[], layers: readonly Layer[]) {
  const read = await Promise.all(
    outputs.map(async ({ loss, total, perParameter }) => ({
      loss: await loss.item(),
      total: await total.item(),
      squares: Array.from(await perParameter.data(), (norm) => norm * norm),
    })),
  );
  const norms = read.map(
    ({ total, squares }): GradientNorms => ({
      total,
      layers: layers.map(({ parameters }) => {
        return Math.sqrt(parameters.reduce((sum, index) => sum + squares[index]!, 0));
      }),
    }),
  );
  return { meanLoss: mean(read.map(({ loss }) => loss)), norms };
}

export function meanNorms(norms: readonly GradientNorms[]): GradientNorms {
  return {
    total: mean(norms.map(({ total }) => total)),
    layers: (norms[0]?.layers ?? []).map((_, i) => mean(norms.map(({ layers }) => layers[i]!))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
