import type { Operand } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { each, guarded, repeat, type SequenceLayout } from "./sequenceLayout.ts";

/** The products of a step: a vector in workgroup memory times the weights, for each row. */

/** WGSL type of the sums of all gates of one unit. */
export const sumType = (gates: number): string => (gates === 1 ? "f32" : `vec${gates}<f32>`);

/** The vector's numbers for a term, and the same number of a row of the weights. */
const lanesOf = (wide: boolean): readonly number[] => (wide ? range(4) : [0]);

/** Four of a row of the weights side by side, or one. */
const rowPart = (weight: Operand, row: string, k: string, wide: boolean): string =>
  wide ? weight.at([row, `(4u * ${k})`], 4) : weight.at([row, k]);

/**
 * Forward: for each row r and unit j, Σ over k of W[gate·H + j, k]·h[r, k]. A thread takes `width`
 * units with all their gates; threads that share a sum are neighbours, and so is what they read.
 * @returns statements before the first step, and those of a turn, which leave the sums in `sums`,
 *   or in `parts` where they stand in workgroup memory
 */
export function forwardProducts(
  weight: Operand,
  layout: SequenceLayout,
  wide: boolean,
): { readonly before: string; readonly turn: string } {
  const { units, share, blocks, lanes, cell } = layout;
  const { splits, held, width } = share;
  const count = units / lanesOf(wide).length / splits;
  const block =
    splits === 1
      ? `let b = turn * ${lanes}u + lid.x;`
      : `let b = min(turn * ${lanes}u + lid.x / ${splits}u, ${units - 1}u);`;
  const position = (m: string) => (splits === 1 ? m : `(${m} * ${splits}u + lid.x % ${splits}u)`);
  const load = (k: string, name: (u: number, gate: number) => string) =>
    each(width, (u) =>
      each(cell.gates, (gate) => {
        const row = `(b + ${u * blocks + gate * units}u)`;
        return `let ${name(u, gate)} = ${rowPart(weight, row, k, wide)};`;
      }),
    );
  const named = (m: number | "") => (u: number, gate: number) => `w${u}_${gate}_${m}`;
  if (held) {
    const before = each(count, (m) => load(position(`${m}u`), named(m)));
    const terms = each(count, (m) => termText(layout, position(`${m}u`), named(m), wide));
    return {
      before: `const turn = 0u;\n${block}\n${before}`,
      turn: `${startSums(layout)}\n${terms}\n${leaveSums(layout)}`,
    };
  }
  const loop = `for (var m = 0u; m < ${count}u; m++) {
${load(position("m"), named(""))}
${termText(layout, position("m"), named(""), wide)}
}`;
  const inside =
    splits > 1 || blocks % lanes === 0 ? null : `turn * ${lanes}u + lid.x < ${blocks}u`;
  const text = `${block}\n${startSums(layout)}\n${loop}\n${leaveSums(layout)}`;
  return { before: "", turn: `{\n${guarded(inside, text)}\n}` };
}

const eachSum = ({ share }: SequenceLayout, text: (u: number, r: number) => string): string =>
  each(share.width, (u) => each(share.rows, (r) => text(u, r)));

const startSums = (layout: SequenceLayout): string =>
  eachSum(layout, (u, r) => `var a${u}_${r} = ${sumType(layout.cell.gates)}(0.0);`);

const leaveSums = (layout: SequenceLayout): string => {
  const { splits, width, threads, shared } = layout.share;
  return eachSum(layout, (u, r) =>
    splits === 1 && !shared
      ? `sums[${r * width + u}] = a${u}_${r};`
      : `parts[${(r * width + u) * threads}u + lid.x] = a${u}_${r};`,
  );
};

/** Adds the products with the states at `k`; `weights` names what was read of each gate's row. */
function termText(
  layout: SequenceLayout,
  k: string,
  weights: (u: number, gate: number) => string,
  wide: boolean,
): string {
  const { units, cell, share } = layout;
  const type = sumType(cell.gates);
  const lanes = lanesOf(wide);
  const start = `let start = old + ${wide ? `4u * ${k}` : k};`;
  const names = range(share.rows).flatMap((r) => lanes.map((q) => `h${r}_${q}`));
  const place = (v: string) => `${v} / ${lanes.length}u * ${units}u + ${v} % ${lanes.length}u`;
  const read = readByAll(names, (v) => `states[start + ${place(v)}]`, share.passed);
  const lane = (u: number, q: number) => {
    const all = range(cell.gates).map((gate) => `${weights(u, gate)}${wide ? `[${q}]` : ""}`);
    return `{
let w = ${type}(${all.join(", ")});
${each(share.rows, (r) => `a${u}_${r} += h${r}_${q} * w;`)}
}`;
  };
  return `{\n${start}\n${read}\n${each(share.width, (u) => each(lanes.length, (q) => lane(u, q)))}\n}`;
}

/**
 * Numbers that all threads need: each reads them all, or some of them, which it passes on to its
 * subgroup.
 * @param read WGSL of the number of that index
 */
function readByAll(names: readonly string[], read: (v: string) => string, passed: number): string {
  if (passed === 1) return each(names.length, (v) => `let ${names[v]} = ${read(`${v}u`)};`);
  const own = (g: number) => `min(lid.x % ${passed}u + ${g * passed}u, ${names.length - 1}u)`;
  return [
    each(
      Math.ceil(names.length / passed),
      (g) => `let v${g} = ${own(g)};\nlet own${g} = ${read(`v${g}`)};`,
    ),
    each(
      names.length,
      (v) => `let ${names[v]} = subgroupBroadcast(own${Math.floor(v / passed)}, ${v % passed}u);`,
    ),
  ].join("\n");
}

/**
 * Backward: for each row r and unit j, Σ over gates and k of W[gate·H + k, j]·slope[r, gate, k]. A
 * thread takes `width` units; where threads share a sum, each takes whole gates.
 * @returns statements before the first step, and those of a step, which leave part s of the sum
 *   where slope[r, s, j] was
 */
export function backwardProducts(
  weight: Operand,
  layout: SequenceLayout,
  wide: boolean,
): { readonly before: string; readonly step: string } {
  const { units, share, blocks, lanes, cell, turns } = layout;
  const { rows, width, splits } = share;
  const four = wide && width >= 4;
  const chunks = four ? width / 4 : width;
  const columns = cell.gates * units;
  const terms = columns / splits;
  const column = (c: number) => `${four ? "4u * " : ""}(b + ${c * blocks}u)`;
  const type = four ? "vec4<f32>" : "f32";
  const all = (text: (r: number, c: number) => string) =>
    each(rows, (r) => each(chunks, (c) => text(r, c)));
  const place = `let s = lid.x / ${lanes}u;\nlet b = turn * ${lanes}u + lid.x % ${lanes}u;`;
  const inside = blocks % lanes === 0 ? null : `b < ${blocks}u`;
  const start = all((r, c) => `var a${r}_${c} = ${type}(0.0);`);
  const names = range(rows).map((r) => `slope${r}`);
  const sum = `for (var term = 0u; term < ${terms}u; term++) {
let k = s * ${terms}u + term;
${each(chunks, (c) => `let w${c} = ${weight.at(["k", `(${column(c)})`], four ? 4 : 1)};`)}
${readByAll(names, (v) => `slopes[k + ${v} * ${columns}u]`, share.passed)}
${all((r, c) => `a${r}_${c} += slope${r} * w${c};`)}
}`;
  const leave = all((r, c) => {
    const to = `slopes[${r * columns}u + s * ${units}u + ${column(c)}`;
    if (!four) return `${to}] = a${r}_${c};`;
    return each(4, (q) => `${to} + ${q}u] = a${r}_${c}[${q}];`);
  });
  const read = "workgroupBarrier(); // the slopes have been read";
  if (turns === 1) {
    const text = `${place}\n${start}\n${guarded(inside, sum)}\n${read}\n${guarded(inside, leave)}`;
    return { before: "", step: `{\nconst turn = 0u;\n${text}\n}` };
  }
  // Nothing may be left before all turns have read: the sums wait in an array.
  const count = rows * chunks;
  const wait = (r: number, c: number) => `waiting[turn * ${count}u + ${r * chunks + c}u]`;
  const kept = `${start}\n${sum}\n${all((r, c) => `${wait(r, c)} = a${r}_${c};`)}`;
  const left = `${all((r, c) => `let a${r}_${c} = ${wait(r, c)};`)}\n${leave}`;
  return {
    before: `var waiting: array<${type}, ${turns * count}>;`,
    step: `${repeat("turn", turns, `${place}\n${guarded(inside, kept)}`)}
${read}
${repeat("turn", turns, `${place}\n${guarded(inside, left)}`)}`,
  };
}
