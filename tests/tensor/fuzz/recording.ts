import type { DType } from "../../../src/core/dtype.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import * as ops from "../../../src/ops/index.ts";
import type { Device } from "../../../src/tensor/device.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Dice } from "./dice.ts";
import { exact, type Scope, type Value } from "./draw.ts";
import { drawOf } from "./draws.ts";
import { Choices, type GraphData, type StepData } from "./graphData.ts";

const MOST_ELEMENTS = 1024;

/** What recordings of one graph may share, so that recording it again means the same values. */
export interface Shared {
  /** Leaf number `index`: a fresh tensor unless it is there already. */
  leaf(index: number, fresh: () => Tensor): Tensor;
  generator(seed: number): ops.Generator;
}

const nothingShared: Shared = {
  leaf: (_, fresh) => fresh(),
  generator: (seed) => new ops.Generator(seed),
};

/** A graph as it is recorded on a device: equal data gives equal graphs on every device. */
export class Recording implements Scope {
  /** Leaves that gradients go to. */
  readonly leaves: Tensor[] = [];
  readonly outputs: readonly Tensor[];
  readonly #data: GraphData;
  readonly #device: Device;
  readonly #shared: Shared;
  #values: Value[] = [];
  #made = 0;

  constructor(data: GraphData, device: Device, shared = nothingShared) {
    this.#data = data;
    this.#device = device;
    this.#shared = shared;
    for (const { shape, dtype, grad } of data.leaves) this.#leaf(shape, dtype, grad, 10);
    for (const step of data.steps) this.#run(step);
    this.outputs = data.outputs.map((back, i) => this.#output(back, i));
  }

  /** The first one is sure to have gradients, where anything has. */
  #output(back: number, i: number): Tensor {
    const tracked = this.#values.filter((v) => i === 0 && v.t.requiresGrad);
    return (recent(tracked, back) ?? recent(this.#values, back)!).t;
  }

  /** A scalar that depends on every element of every float output; null when there is none. */
  loss(): Tensor | null {
    const parts = this.outputs
      .filter((t) => t.dtype === "float32")
      .map((t) => ops.sum(ops.mul(t, weightsFor(t))));
    return parts.length === 0 ? null : parts.reduce((a, b) => ops.add(a, b));
  }

  leaf(shape: readonly number[], dtype: DType = "float32", limit = 10): Value {
    // Gradients go to most, and some paths end.
    return this.#leaf(shape, dtype, this.#made % 3 !== 2, limit);
  }

  drawing(choices: Choices) {
    return { device: this.#device, generator: this.#shared.generator(choices.below(100)) };
  }

  other(fits: (v: Value) => boolean, choices: Choices): Value | undefined {
    return recent(this.#values.filter(fits), choices.below(64));
  }

  inner(steps: readonly StepData[], first: Value): Value[] {
    const outside = this.#values;
    this.#values = [...outside, first];
    for (const step of steps) this.#run(step);
    const made = this.#values.slice(outside.length);
    this.#values = outside;
    return made.filter((v) => v.t.dtype === "float32");
  }

  #run(step: StepData): void {
    const draw = drawOf(step.op);
    const x = recent(
      this.#values.filter((v) => draw.takes(v)),
      step.on,
    );
    if (x === undefined) return;
    const made = draw.make(x, new Choices(step.numbers), this, step);
    this.#values.push(...made.filter(({ t }) => t.size <= MOST_ELEMENTS && t.rank <= 6));
  }

  #leaf(shape: readonly number[], dtype: DType, grad: boolean, limit: number): Value {
    const index = this.#made++;
    const fresh = () => {
      const dice = new Dice(this.#data.seed * 100 + index);
      const number = dtype === "float32" ? () => dice.next() * 4 - 2 : () => dice.below(limit);
      const values = Float64Array.from({ length: sizeOf(shape) }, number);
      return this.#upload(dtype === "bool" ? values.map((n) => n % 2) : values, shape, dtype, grad);
    };
    const t = this.#shared.leaf(index, fresh);
    if (t.requiresGrad) this.leaves.push(t);
    const leaf = exact(t);
    this.#values.push(leaf);
    return leaf;
  }

  #upload(values: Float64Array, shape: readonly number[], dtype: DType, grad: boolean): Tensor {
    const requiresGrad = grad && dtype === "float32";
    const data = dtype === "float32" ? Float32Array.from(values) : [...values];
    return ops.tensor(data, { shape, dtype, requiresGrad, device: this.#device });
  }
}

/** Later values are more likely, so that graphs grow deep. */
function recent(values: readonly Value[], back: number): Value | undefined {
  const at = Math.min(back % 8, Math.floor(back / 8));
  return values[Math.max(values.length - 1 - at, 0)];
}

const weights = new WeakMap<Device, Map<string, Tensor>>();

/** The same tensor each time: graphs recorded again must be equal. */
function weightsFor({ shape, size, device }: Tensor): Tensor {
  const known = weights.get(device) ?? new Map<string, Tensor>();
  weights.set(device, known);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const made = known.get(shape.join()) ?? ops.tensor(values, { shape, device });
  known.set(shape.join(), made);
  return made;
}
