import { ValueError } from "../../core/errors.ts";
import { flushPending } from "../../tensor/realize.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Layer } from "../module.ts";
import { BatchNorm } from "./batchNorm.ts";

/** A model's input, or what a `DataLoader` gives: the input first, labels behind it. */
export type CalibrationBatch = Tensor | readonly Tensor[];

/**
 * Computes the running statistics of all batch norms in a model anew, for parameters that were not
 * trained with them (an average, loaded weights): one pass over `data` in training mode, after which
 * the running mean and variance are the plain averages over its batches. Each module's mode and
 * momentum are as before afterwards. PyTorch's `torch.optim.swa_utils.update_bn`.
 *
 *     await swa.swap();
 *     await nn.recalibrateBatchNorm(model, loader);
 *
 * @param data batches: inputs, or arrays that begin with them
 * @throws ValueError when there is no batch; nothing has changed then
 * Source: Izmailov et al. 2018, arXiv:1803.05407, section 3.2
 */
export async function recalibrateBatchNorm(
  model: Layer,
  data: Iterable<CalibrationBatch> | AsyncIterable<CalibrationBatch>,
): Promise<void> {
  const modules = model.modules();
  const norms = modules.filter((m): m is BatchNorm => m instanceof BatchNorm);
  const modes = modules.map((m) => m.training);
  const momenta = norms.map((m) => m.momentum);
  let batches = 0;
  try {
    model.train();
    for (const norm of norms) setMomentum(norm, null);
    for await (const batch of data) {
      if (batches++ === 0) for (const norm of norms) norm.resetRunningStats();
      const x = batch instanceof Tensor ? batch : batch[0];
      noGrad(() => model.forward(x));
      await flushPending(x.device);
    }
  } finally {
    modules.forEach((m, i) => {
      m.training = modes[i];
    });
    norms.forEach((m, i) => {
      setMomentum(m, momenta[i]);
    });
  }
  if (batches > 0) return;
  throw new ValueError(
    "recalibrateBatchNorm: the data has no batch. Pass a DataLoader, or an array of inputs.",
  );
}

/** Read-only for others: a compiled step would not notice. Here every forward is recorded. */
function setMomentum(norm: { momentum: number | null }, momentum: number | null): void {
  norm.momentum = momentum;
}
