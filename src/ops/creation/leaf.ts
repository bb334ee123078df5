import { isFloat } from "../../core/dtype.ts";
import { DeviceError, DTypeError } from "../../core/errors.ts";
import type { Node, Owner, Storage } from "../../core/node.ts";
import { show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** An input that `backward()` leaves a gradient in. */
class LeafTensor extends Tensor implements Owner {
  get label(): string {
    return `input ${show(this.shape)}`;
  }

  storage(): Storage {
    const { storage } = this.node;
    if (storage !== null) return storage;
    throw new DeviceError(`${this.label}: it has no data yet. Read it once with data().`);
  }
}

/** A handle on a leaf; with `requiresGrad` one that takes part in `backward()`. */
export function leafTensor(node: Node, requiresGrad: boolean | undefined): Tensor {
  if (requiresGrad !== true) return new Tensor(node);
  if (!isFloat(node.dtype)) {
    throw new DTypeError(
      `tensor: only floats have gradients; got ${node.dtype} with requiresGrad. ` +
        'Use dtype "float32", or leave requiresGrad out.',
    );
  }
  const leaf = new LeafTensor(node);
  node.tracking = "tracked";
  node.owner = leaf;
  return leaf;
}
