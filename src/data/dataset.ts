import { ShapeError, ValueError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { dataRows } from "../ops/indexing/dataRows.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Samples by number; `DataLoader` asks for a batch of them at a time. */
export interface Dataset<Batch> {
  /** Number of samples. */
  readonly size: number;
  /** The samples with these numbers, stacked along axis 0. */
  batch(indices: Int32Array): Batch;
}

/** One tensor a tensor: what a batch of a `TensorDataset` consists of. */
export type Rows<T extends readonly Tensor[]> = { -readonly [K in keyof T]: Tensor };

/**
 * Samples that lie on the device: sample i is row i of each tensor. Batches are gathered there;
 * only their indices are uploaded. They are data: no gradient flows back through them.
 */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<Rows<T>> {
  readonly tensors: T;
  readonly size: number;

  /** @throws ShapeError unless all tensors have the same size along axis 0 */
  constructor(...tensors: T) {
    if (tensors.length === 0) {
      throw new ValueError("TensorDataset: no tensors; got 0. Give it at least one: (x, y).");
    }
    const sizes = tensors.map((t) => t.shape[0]);
    if (sizes.some((n) => n === undefined || n !== sizes[0])) {
      throw new ShapeError(
        "TensorDataset: the tensors have different numbers of samples along axis 0; got " +
          `${tensors.map((t) => show(t.shape)).join(", ")}. Give each one row a sample.`,
      );
    }
    this.tensors = tensors;
    this.size = sizes[0]!;
  }

  batch(indices: Int32Array): Rows<T> {
    return this.tensors.map((t) => dataRows(t, indices)) as unknown as Rows<T>;
  }
}
