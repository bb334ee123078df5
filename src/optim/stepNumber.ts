import { Node } from "../core/node.ts";
import type { Device } from "../tensor/device.ts";
import { NO_ATTRS, SCALAR } from "../tensor/op.ts";
import { recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A number that follows from how often something happened; replays count, too. */
export class StepNumber {
  /** How often it has happened. */
  t = 0;
  readonly #device: Device;
  readonly #value: (t: number) => number;

  constructor(device: Device, value: (t: number) => number) {
    this.#device = device;
    this.#value = value;
  }

  /** The number of the next time, from 1 on. */
  next(): Tensor {
    const node = new Node(SCALAR, [], NO_ATTRS, "", [], "float32", this.#device);
    const advance = () => {
      node.value = this.#value(++this.t);
    };
    if (recorder.capture === null) advance();
    else recorder.capture.effect(advance, [node], () => this.t--);
    return new Tensor(node);
  }
}
