import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";

const affine = (a: Arguments, eps = 1e-5) => ({
  weight: a.maybeTensor("weight"),
  bias: a.maybeTensor("bias"),
  eps: a.number("eps", eps),
});

const running = (a: Arguments) => ({
  runningMean: a.maybeTensor("running_mean"),
  runningVar: a.maybeTensor("running_var"),
});

/** Three batches one after the other, each with the running statistics that the last one left. */
function runningBatches(a: Arguments): tg.Tensor[] {
  const [weight, bias] = [a.tensor("weight"), a.tensor("bias")];
  const options = { weight, bias, training: true, momentum: a.number("momentum") };
  let [mean, variance] = [tg.zerosLike(weight), tg.onesLike(weight)];
  const outputs = tg.unbind(a.tensor("input")).map((x) => {
    const { output, runningMean, runningVar } = tg.batchNormWithRunning(x, mean, variance, options);
    [mean, variance] = [runningMean!, runningVar!];
    return output;
  });
  return [tg.stack(outputs), mean, variance];
}

export const norm: Adapters = {
  batch_norm: adapter("input running_mean running_var weight bias training momentum eps", (a) => {
    const { runningMean, runningVar } = running(a);
    return tg.batchNorm(a.tensor("input"), runningMean, runningVar, {
      ...affine(a),
      training: a.flag("training"),
      momentum: a.number("momentum", 0.1),
    });
  }),
  "custom.batch_norm_running": adapter("input weight bias momentum", runningBatches),
  group_norm: adapter("input num_groups weight bias eps", (a) =>
    tg.groupNorm(a.tensor("input"), a.number("num_groups"), affine(a)),
  ),
  instance_norm: adapter(
    "input running_mean running_var weight bias use_input_stats momentum eps",
    (a) =>
      tg.instanceNorm(a.tensor("input"), {
        ...running(a),
        ...affine(a),
        useInputStats: a.flag("use_input_stats", true),
        momentum: a.number("momentum", 0.1),
      }),
  ),
  layer_norm: adapter("input normalized_shape weight bias eps cudnn_enable", (a) => {
    a.any("cudnn_enable");
    return tg.layerNorm(a.tensor("input"), a.numbers("normalized_shape"), affine(a));
  }),
  local_response_norm: adapter("input size alpha beta k", (a) =>
    tg.localResponseNorm(a.tensor("input"), a.number("size"), {
      alpha: a.number("alpha", 1e-4),
      beta: a.number("beta", 0.75),
      k: a.number("k", 1),
    }),
  ),
  rms_norm: adapter("input normalized_shape weight eps", (a) =>
    tg.rmsNorm(a.tensor("input"), a.numbers("normalized_shape"), {
      weight: a.maybeTensor("weight"),
      eps: a.number("eps", 2 ** -23),
    }),
  ),
};
