import { clone } from "../../autodiff/transforms.ts";
import { zeros } from "../../ops/creation/creation.ts";
import { cat, stack } from "../../ops/movement/join.ts";
import { reshape } from "../../ops/movement/movement.ts";
import { narrow } from "../../ops/movement/slice.ts";
import { exportWithNextPlan } from "../../tensor/pending.ts";
import { flushPending } from "../../tensor/realize.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";

/** All parameters as one vector, and their gradients as another. */
export class ParameterVector {
  readonly parameters: readonly Variable[];

  constructor(parameters: readonly Variable[]) {
    this.parameters = parameters;
  }

  /** The present point, as a value of its own: it outlives later ones. */
  point(): Tensor {
    return clone(joined(this.parameters));
  }

  /** The gradient at the present point; a parameter without one counts as 0. */
  gradient(): Tensor {
    return kept(joined(this.parameters.map((p) => p.grad ?? zeros(p.shape, { device: p.device }))));
  }

  moveTo(point: Tensor): void {
    let start = 0;
    for (const p of this.parameters) {
      p.assign(reshape(narrow(point, 0, start, p.size), p.shape));
      start += p.size;
    }
  }
}

const joined = (parts: readonly Tensor[]): Tensor => cat(parts.map((x) => reshape(x, [x.size])));

/** The next plan keeps this value, whoever asks for it later. */
export function kept(x: Tensor): Tensor {
  exportWithNextPlan(x.node);
  return x;
}

/** Computes a value now, and keeps it. */
export async function computed(x: Tensor): Promise<void> {
  kept(x);
  await flushPending(x.device);
}

/** Several scalars in one read. */
export async function read(...scalars: Tensor[]): Promise<number[]> {
  return [...(await stack(scalars).data())];
}
