import type { Runnable } from "../sides/side.ts";
import * as operations from "../workloads/operations.ts";
import { convBackward, convForward, convWeights } from "./conv.ts";
import type { Machine } from "./machine.ts";
import { operation, upload } from "./operation.ts";

/** Pixels of a thread in the benchmark's convolution. */
const PIXELS = 8;

export function conv(machine: Machine, sizes: operations.ConvSizes): Runnable {
  const [x, w] = operations.convInputs(sizes).map((values) => upload(machine, values));
  const count = sizes.batch * sizes.side ** 2 * sizes.outChannels;
  const output = machine.buffer(count);
  const text = convForward({
    ...{ ...sizes, label: "convolution", pixels: PIXELS },
    ...{ input: x, weights: w, output },
  });
  return operation(machine, [machine.kernel(text)], output, count);
}

/** The derivative of Σ y² is 2 y, which the forward kernel stores at once. */
export function convTrain(machine: Machine, sizes: operations.ConvSizes): Runnable {
  const [x, w] = operations.convInputs(sizes).map((values) => upload(machine, values));
  const pixels = sizes.batch * sizes.side ** 2;
  const weights = 9 * sizes.inChannels * sizes.outChannels;
  const dY = machine.buffer(pixels * sizes.outChannels);
  const dX = machine.buffer(pixels * sizes.inChannels);
  const dW = machine.buffer(weights);
  const forward = convForward({
    ...{ ...sizes, label: "convolution", pixels: PIXELS, input: x, weights: w, output: dY },
    store: (sum, { index }) => `out[${index}] = 2.0 * ${sum};`,
  });
  const backward = convBackward({
    ...{ ...sizes, label: "gradient of the input", pixels: PIXELS },
    ...{ input: dY, weights: w, output: dX },
  });
  const gradient = convWeights({
    ...{ ...sizes, label: "gradient of the weights", input: x, dOutput: dY, output: dW },
  });
  const launches = [forward, backward, gradient].map((text) => machine.kernel(text));
  return operation(machine, launches, dW, weights);
}
