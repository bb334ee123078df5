import { gatherKernel } from "../../../kernels/indexing/gather.ts";
import type { Attrs } from "../../core/ir.ts";
import { kernel } from "../../tensor/op.ts";
import { gatherReference } from "./gatherReference.ts";

/** Reading at indexed places of the middle axis of three. */

export interface GatherAttrs extends Attrs {
  /** Host data told that every index is a place: the device need not look. */
  readonly trusted: boolean;
}

export const gatherForward = kernel({
  family: "gather",
  outputs: (_, [x, index]) => [{ shape: index!.shape, dtype: x!.dtype }],
  strided: () => true,
  source: gatherKernel,
  reference: gatherReference,
});
