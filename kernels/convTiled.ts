import type { KernelCall, KernelSource, Operand, Sink } from "../src/core/ir.ts";
import {
  type ConvShape,
  phaseLines,
  plus,
  range,
  sumIndices,
  type TapSum,
  times,
  u32,
  unravel,
} from "./convShape.ts";
import { type TileSide, tiledProduct } from "./tiledProduct.ts";

/**
 * The sum of a convolution as a product of matrices, weights [rows, channels and taps] by operand
 * [channels and taps, places], whose second factor is never written to memory: every element is
 * found in the operand when it is loaded.
 */
export function tiledConv(sum: TapSum): KernelSource {
  const { axes, rows, depth, batch, groups, call, label } = sum;
  const phases = axes.reduce((n, a) => n * a.phases, 1);
  const counts = [batch, ...axes.map((a) => a.count)];
  const most = axes.reduce((n, a) => n * Math.max(...a.taps), depth);
  const taps = axes.map((_, d) => `taps${d}`);
  const [n, ...u] = unravel("col", counts);
  const places = axes.map((a, d) => plus(times(u[d]!, a.phases), a.phases > 1 ? `r${d}` : "0u"));
  const inside = axes.flatMap((a, d) =>
    a.count * a.phases > a.places ? [`${places[d]} < ${a.places}u`] : [],
  );
  return tiledProduct({
    label: `${label} ${groups}x${depth}x${rows}`,
    target: call.target,
    a: weightSide(sum),
    b: placeSide(sum, counts),
    most,
    depth: phases === 1 ? `${most}u` : [`${depth}u`, ...taps].join(" * "),
    count: groups * phases,
    before: [`let group = wz / ${phases}u;`, ...phaseLines(axes, phases)],
    store: (row, column, value) => {
      const channel = plus(times("group", groups === 1 ? 0 : rows), row);
      const text = call.outputs[0]!.store([n!, channel, ...places], value);
      const test = inside.length === 0 ? "" : `if (${inside.join(" && ")}) `;
      return `let col = ${column}; ${test}{ ${text} }`;
    },
    storeSum: null,
  });
}

/** WGSL statements that name the channel and the taps of a place of the contracted axis. */
function split({ axes }: TapSum, at: string, name: string): string[] {
  const lines: string[] = [];
  let rest = at;
  for (let d = axes.length - 1; d >= 0; d--) {
    const { phases, taps } = axes[d]!;
    const size = phases === 1 ? `${taps[0]}u` : `taps${d}`;
    if (size === "1u") {
      lines.push(`let ${name}m${d} = 0u;`);
      continue;
    }
    lines.push(`let ${name}m${d} = (${rest}) % ${size};`);
    lines.push(`let ${name}rest${d} = (${rest}) / ${size};`);
    rest = `${name}rest${d}`;
  }
  return [...lines, `let ${name}c = ${rest};`];
}

function weightSide(sum: TapSum): TileSide {
  const { weight, axes, rowStride, depthStride, weightAt, rows } = sum;
  const first = weight.pointer([...weightAt("0u", "group"), ...axes.map((_, d) => `first${d}`)], 1);
  const taps = axes.map((a, d) => times(`am${d}`, a.step * weight.strides[d + 2]!));
  return {
    size: rows,
    alongDepth: rowStride !== 1,
    place: (at) => [`let arow = ${first} + ${times(at, rowStride)};`],
    depth: (at) => [
      ...split(sum, at, "a"),
      `let adeep = ${plus(times("ac", depthStride), ...taps)};`,
    ],
    value: weight.element("arow + adeep", 1),
  };
}

function placeSide(sum: TapSum, counts: readonly number[]): TileSide {
  const { operand, axes, depth } = sum;
  const start = axes.map((_, d) => `bi${d}`);
  const shift = axes.map((a, d) => times(`bm${d}`, a.inc * operand.strides[d + 2]!));
  const tests = axes.flatMap((a, d) =>
    a.guarded ? [`${plus(`bi${d}`, times(`bm${d}`, a.inc))} < ${a.size}u`] : [],
  );
  const value = operand.element("bplace + bdeep", 1);
  return {
    size: counts.reduce((a, b) => a * b, 1),
    alongDepth: false,
    place: (at) => {
      const [n, ...u] = unravel("bat", counts);
      return [
        `let bat = ${at};`,
        ...axes.map((a, d) => `let bi${d} = ${plus(times(u[d]!, a.mul), `add${d}`)};`),
        `let bplace = ${operand.pointer([n!, times("group", depth), ...start], 1)};`,
      ];
    },
    depth: (at) => [
      ...split(sum, at, "b"),
      `let bdeep = ${plus(times("bc", operand.strides[1]!), ...shift)};`,
    ],
    value: tests.length === 0 ? value : `select(0.0, ${value}, ${tests.join(" && ")})`,
  };
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
  return tiledProduct({
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
