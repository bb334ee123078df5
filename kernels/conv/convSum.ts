import type { KernelCall, Operand } from "../../src/core/ir.ts";
import { plus, times } from "../indexText.ts";
import { backwardAxes, type ConvShape, convFlops, forwardAxes, type TapAxis } from "./convShape.ts";

/** What the forward kernel and the input's gradient are both made from. */
export interface TapSum {
  readonly label: string;
  readonly call: KernelCall;
  readonly axes: readonly TapAxis[];
  readonly groups: number;
  /** Channels of a group: of the result, and of the operand. */
  readonly rows: number;
  readonly depth: number;
  readonly batch: number;
  readonly operand: Operand;
  readonly weight: Operand;
  /** Multiplications and additions, counting those with the zeros around the input. */
  readonly flops: number;
  /** Steps in the weight between channels of the result, and of the operand. */
  readonly rowStride: number;
  readonly depthStride: number;
  /** The weight's first channels of a group. */
  readonly weightAt: (row: string, group: string) => readonly [string, string];
}

export function forwardSum(call: KernelCall): TapSum {
  const shape = call.attrs as unknown as ConvShape;
  const [x, w] = call.inputs as [Operand, Operand];
  const rows = w.shape[0]! / shape.groups;
  return {
    label: "conv",
    call,
    axes: forwardAxes(shape),
    groups: shape.groups,
    rows,
    depth: w.shape[1]!,
    batch: x.shape[0]!,
    operand: x,
    weight: w,
    flops: convFlops(shape, x.shape[0]!, w),
    rowStride: w.strides[0]!,
    depthStride: w.strides[1]!,
    weightAt: (row, group) => [plus(times(group, rows), row), "0u"],
  };
}

export function inputGradSum(call: KernelCall): TapSum {
  const shape = call.attrs as unknown as ConvShape;
  const [g, w] = call.inputs as [Operand, Operand];
  const depth = w.shape[0]! / shape.groups;
  return {
    label: "conv input gradient",
    call,
    axes: backwardAxes(shape),
    groups: shape.groups,
    rows: w.shape[1]!,
    depth,
    batch: g.shape[0]!,
    operand: g,
    weight: w,
    flops: convFlops(shape, g.shape[0]!, w),
    rowStride: w.strides[1]!,
    depthStride: w.strides[0]!,
    weightAt: (row, group) => [times(group, depth), row],
  };
}
