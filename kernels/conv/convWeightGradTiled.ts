import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { plus, range, times, u32, unravel } from "../indexText.ts";
import { type TileSide, tiledProduct } from "../matmul/tiledProduct.ts";
import { type ConvShape, convFlops } from "./convShape.ts";

/** Indices of a sum over all axes of an operand but its channels, in the shape the sink has. */
export function sumIndices({ shape }: Sink, channels: number, channel: string): string[] {
  const at = shape.indexOf(channels);
  return shape.map((_, d) => (d === at ? channel : "0u"));
}

/** The weight's gradient as a product: g [channels o, places] by x [places, channels c and taps]. */
export function tiledWeightGrad(call: KernelCall): KernelSource {
  const shape = call.attrs as unknown as ConvShape;
  const { kernel, output, groups } = shape;
  const [x, g] = call.inputs as [Operand, Operand];
  const [out] = call.outputs as [Sink];
  const [rows, columns] = [g.shape[1]! / groups, x.shape[1]! / groups];
  const places = [x.shape[0]!, ...output];
  const size = places.reduce((a, b) => a * b, 1);
  const [c, ...k] = unravel("col", [columns, ...kernel]);
  const channel = (row: string) => plus(times("group", groups === 1 ? 0 : rows), row);
  const source = tiledProduct({
    label: `conv weight gradient ${groups}x${rows}x${columns}`,
    target: call.target,
    a: gradientSide(g, rows, places),
    b: inputSide(x, shape, columns, places),
    most: size,
    depth: `${size}u`,
    count: groups,
    before: ["let group = wz;"],
    store: (row, column, value) =>
      `let col = ${column}; ${out.store([channel(row), c!, ...k], value)}`,
    storeSum:
      call.absorbed.length === 0
        ? null
        : (row, value) =>
            call.absorbed
              .map(({ sink }) => sink.store(sumIndices(sink, g.shape[1]!, channel(row)), value))
              .join("\n"),
  });
  return { ...source, flops: convFlops(shape, x.shape[0]!, out) };
}

function gradientSide(g: Operand, rows: number, places: readonly number[]): TileSide {
  const zeros = places.slice(1).map(() => "0u");
  return {
    size: rows,
    alongDepth: true,
    place: (at) => [
      `let arow = ${g.pointer(["0u", plus(times("group", rows), at), ...zeros], 1)};`,
    ],
    depth: (at) => {
      const [n, ...p] = unravel("aat", places);
      const steps = p.map((u, d) => times(u, g.strides[d + 2]!));
      return [`let aat = ${at};`, `let adeep = ${plus(times(n!, g.strides[0]!), ...steps)};`];
    },
    value: g.element("arow + adeep", 1),
  };
}

function inputSide(
  x: Operand,
  { input, kernel, stride, padding, dilation }: ConvShape,
  columns: number,
  places: readonly number[],
): TileSide {
  const axes = range(input.length);
  const at = axes.map((d) => `bi${d} + bk${d}`);
  const tests = axes.flatMap((d) => {
    const high = (places[d + 1]! - 1) * stride[d]! - padding[d]! + (kernel[d]! - 1) * dilation[d]!;
    return padding[d]! > 0 || high >= input[d]! ? [`${at[d]} < ${input[d]}u`] : [];
  });
  const value = x.element("bplace + bdeep", 1);
  return {
    size: kernel.reduce((a, b) => a * b, columns),
    alongDepth: true,
    place: (col) => {
      const [c, ...k] = unravel("bcol", [columns, ...kernel]);
      const steps = axes.map((d) => times(`bk${d}`, x.strides[d + 2]!));
      const zeros = axes.map(() => "0u");
      const first = x.pointer(["0u", plus(times("group", columns), c!), ...zeros], 1);
      return [
        `let bcol = ${col};`,
        ...axes.map((d) => `let bk${d} = ${times(k[d]!, dilation[d]!)};`),
        `let bplace = ${first} + ${plus(...steps)};`,
      ];
    },
    depth: (deep) => {
      const [n, ...p] = unravel("bat", places);
      const steps = axes.map((d) => times(`bi${d}`, x.strides[d + 2]!));
      return [
        `let bat = ${deep};`,
        ...axes.map((d) => `let bi${d} = ${plus(times(p[d]!, stride[d]!), u32(-padding[d]!))};`),
        `let bdeep = ${plus(times(n!, x.strides[0]!), ...steps)};`,
      ];
    },
    value: tests.length === 0 ? value : `select(0.0, ${value}, ${tests.join(" && ")})`,
  };
}
