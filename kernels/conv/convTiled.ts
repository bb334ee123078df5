import type { KernelSource } from "../../src/core/ir.ts";
import { plus, times, unravel } from "../indexText.ts";
import { type TileSide, tiledProduct } from "../matmul/tiledProduct.ts";
import { phaseLines } from "./convShape.ts";
import type { TapSum } from "./convSum.ts";

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
  const source = tiledProduct({
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
  return { ...source, flops: sum.flops };
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
