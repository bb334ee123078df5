// What the adapter allows: the same cases by hand in raw WebGPU, the row called limit.
import { cnn } from "../handwritten/cnn.ts";
import { conv, convTrain } from "../handwritten/convolutions.ts";
import { lstm } from "../handwritten/lstm.ts";
import { Machine } from "../handwritten/machine.ts";
import { mlp } from "../handwritten/mlp.ts";
import { measurePeak } from "../handwritten/peak.ts";
import { elementwise, twoAdds } from "../handwritten/pointwise.ts";
import { batchedMatmul, matmul } from "../handwritten/products.ts";
import { softmax, sum } from "../handwritten/reductions.ts";
import type { Side } from "./side.ts";

let machine: Machine;

export const side: Side = {
  async open() {
    machine = await Machine.open();
    return machine.description;
  },
  matmul: (size) => matmul(machine, size),
  batchedMatmul: (batch, size) => batchedMatmul(machine, batch, size),
  elementwise: (count) => elementwise(machine, count),
  sum: (count) => sum(machine, count),
  softmax: (size) => softmax(machine, size),
  conv: (sizes) => conv(machine, sizes),
  convTrain: (sizes) => convTrain(machine, sizes),
  twoAdds: (count) => twoAdds(machine, count),
  mlp: (sizes) => mlp(machine, sizes),
  cnn: (sizes) => cnn(machine, sizes),
  lstm: (sizes) => lstm(machine, sizes),
  peak: () => measurePeak(machine),
};
