import type { DType } from "../src/core/dtype.ts";
import type { KernelSource, Target, Variant } from "../src/core/ir.ts";
import { range, unravel } from "./indexText.ts";
import { gridFor, linearWorkgroup, powerOfTwo, sizeClass, tree } from "./kernel.ts";

/** A reduction over an index space whose axes are each kept or reduced. */
export interface ReduceConfig {
  readonly label: string;
  /** Sizes of the space's axes, and which of them are reduced. */
  readonly sizes: readonly number[];
  readonly isReduced: readonly boolean[];
  /** Four neighbours along the last axis can be read at once. */
  readonly wide: boolean;
  readonly dtype: DType;
  /** WGSL of the neutral element. */
  readonly identity: string;
  readonly target: Target;
}

/** How the reduction reads, combines and stores; `Text` collects a stage's bindings. */
export interface ReduceHooks<Text> {
  open(): Text;
  nextTemporary(): number;
  /** The value at an index of the space. */
  value(text: Text, indices: readonly string[], width: 1 | 4, prefix: string): Lines;
  combine(text: Text, a: string, b: string, width: 1 | 4): string;
  /** Statements that store result number `out` (a WGSL expression) and what is fused after it. */
  finish(text: Text, out: string, width: 1 | 4, value: string): string;
  canFinishWide(): boolean;
  type(width: 1 | 4): string;
  loadPartial(text: Text, id: number, index: string, width: 1 | 4): string;
  storePartial(text: Text, id: number, index: string, value: string, width: 1 | 4): string;
}

export interface Lines {
  readonly lines: readonly string[];
  readonly value: string;
}

export interface ReduceStage<Text> {
  readonly text: Text;
  readonly source: KernelSource;
  readonly temporary?: { readonly id: number; readonly size: number };
}

/** How many threads share one result, and in how many pieces its elements are split. */
interface Split extends Variant {
  readonly lanes: number;
  readonly pieces: number;
  /** Steps that a thread takes at once: 4, or each for itself. */
  readonly unrolled: 1 | 4;
}

/** The value of step `r` (a WGSL expression), in names that begin with `prefix`. */
type Read<Text> = (text: Text, r: string, prefix: string) => Lines;

/** One pass of tree reduction: `outs` results of `steps` values each. */
interface Pass {
  readonly outs: number;
  readonly steps: number;
  readonly split: Split;
  /** Neighbouring threads take neighbouring elements of one result, else neighbouring results. */
  readonly alongRows: boolean;
  /** Elements per value while accumulating, and per stored result. */
  readonly width: 1 | 4;
  readonly outWidth: 1 | 4;
}

/**
 * result[o] = combine over r of value[o, r], always in the same order: each thread combines its
 * elements, threads of a workgroup combine as a tree, and a long reduction is split into pieces
 * that a second stage combines.
 */
export function reduceKernel<Text>(
  config: ReduceConfig,
  hooks: ReduceHooks<Text>,
): ReduceStage<Text>[] {
  const { sizes, isReduced, target } = config;
  const product = (reduced: boolean) =>
    sizes.reduce((n, size, g) => (isReduced[g] === reduced ? n * size : n), 1);
  const alongRows = isReduced.at(-1) ?? true;
  const wideRows = config.wide && alongRows;
  const wideOuts = config.wide && !alongRows && hooks.canFinishWide();
  const outWidth: 1 | 4 = wideOuts ? 4 : 1;
  const outs = product(false) / outWidth;
  const steps = product(true) / (wideRows ? 4 : 1);
  const split = chooseSplit(outs, steps, alongRows, target);
  const width = wideRows || wideOuts ? 4 : 1;
  const pass: Pass = { outs, steps, split, alongRows, width, outWidth };
  const read: Read<Text> = (text, r, prefix) =>
    hooks.value(text, spread(config, r, outWidth, wideRows ? 4 : 1), width, prefix);
  if (split.pieces === 1) return [stageOf(config, hooks, pass, read)];
  const id = hooks.nextTemporary();
  const load: Read<Text> = (text, r) => ({
    lines: [],
    value: hooks.loadPartial(text, id, `(o * ${split.pieces}u + ${r}) * ${outWidth}u`, outWidth),
  });
  const second: Pass = {
    ...pass,
    split: splitOf(chooseLanes(split.pieces, target), 1, 1),
    steps: split.pieces,
    width: outWidth,
    alongRows: true,
  };
  return [stageOf(config, hooks, pass, read, id), stageOf(config, hooks, second, load)];
}

/** WGSL indices of the space from result number `o` and step `r`. */
function spread(
  { sizes, isReduced }: ReduceConfig,
  r: string,
  outWidth: number,
  stepWidth: number,
): string[] {
  const indices = (linear: string, reduced: boolean) =>
    unravel(
      linear,
      sizes.filter((_, g) => isReduced[g] === reduced),
    );
  const kept = indices(times("o", outWidth), false);
  const reduced = indices(times(r, stepWidth), true);
  return isReduced.map((isStep) => (isStep ? reduced : kept).shift()!);
}

const times = (name: string, by: number): string => (by === 1 ? name : `(${name} * ${by}u)`);
const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi);

// A software adapter has a few cores: threads that walk contiguous chunks win there, and barriers
// are slow to compile. A GPU wants thousands of threads that read side by side; a second launch
// pays only where there are few without it.
const SOFTWARE_CHUNK = 1024;
/** More pieces of one result make no core busier. */
const SOFTWARE_PIECES = 256;
/** Fewer steps than this are taken one by one. */
const SOFTWARE_SHORT = 32;
/** So many steps one thread takes sooner than a second launch begins. */
const SOFTWARE_ALONE = 2048;
const ENOUGH_THREADS = 16384;
const MOST_THREADS = 131072;

const splitOf = (lanes: number, pieces: number, unrolled: 1 | 4): Split => ({
  name: `${lanes}x${pieces}${unrolled === 1 ? "" : `x${unrolled}`}`,
  lanes,
  pieces,
  unrolled,
});

function chooseSplit(outs: number, steps: number, alongRows: boolean, target: Target): Split {
  const splits = target.software
    ? softwareSplits(outs, steps)
    : hardwareSplits(outs, steps, alongRows, target);
  return target.choose(`reduce ${sizeClass(outs)}x${sizeClass(steps)} ${alongRows}`, splits);
}

function softwareSplits(outs: number, steps: number): Split[] {
  const whole = splitOf(1, 1, 1);
  if (steps < SOFTWARE_SHORT || outs * steps <= SOFTWARE_ALONE) return [whole];
  const few = outs < 16 ? Math.ceil(steps / 512) : 1;
  const pieces = clamp(Math.max(few, Math.ceil(steps / SOFTWARE_CHUNK)), 1, SOFTWARE_PIECES);
  const split = splitOf(1, pieces, 4);
  if (pieces === 1) return [split, whole];
  return [split, splitOf(1, pieces, 1), splitOf(1, Math.ceil(pieces / 4), 4)];
}

function hardwareSplits(outs: number, steps: number, alongRows: boolean, target: Target): Split[] {
  const most = alongRows ? (outs >= 65536 ? 32 : 256) : outs >= 8192 ? 1 : 16;
  const lanes = clamp(powerOfTwo(steps / (alongRows ? 4 : 8)), 1, Math.min(most, limit(target)));
  const whole = splitOf(lanes, 1, 1);
  if (outs * lanes >= ENOUGH_THREADS || steps <= lanes * 16) return [whole];
  const split = (threads: number, unrolled: 1 | 4) => {
    const wanted = Math.ceil(threads / (outs * lanes));
    const pieces = clamp(Math.min(wanted, Math.ceil(steps / (lanes * 8))), 2, 1024);
    return splitOf(lanes, pieces, unrolled);
  };
  return [split(MOST_THREADS, 1), split(ENOUGH_THREADS, 4), whole];
}

const limit = (target: Target): number => Math.min(target.maxInvocations, 256);

const chooseLanes = (pieces: number, target: Target): number =>
  target.software ? 1 : clamp(powerOfTwo(pieces), 1, limit(target));

/** A pass as a kernel: results are finished, or partial ones for a second stage. */
function stageOf<Text>(
  config: ReduceConfig,
  hooks: ReduceHooks<Text>,
  pass: Pass,
  read: Read<Text>,
  id?: number,
): ReduceStage<Text> {
  const text = hooks.open();
  const { outs, outWidth, split } = pass;
  const finish = (value: string) => hooks.finish(text, times("o", outWidth), outWidth, value);
  if (id === undefined)
    return { text, source: passSource(config, hooks, text, pass, read, finish) };
  const index = times(`(o * ${split.pieces}u + piece)`, outWidth);
  const keep = (value: string) => hooks.storePartial(text, id, index, value, outWidth);
  const source = passSource(config, hooks, text, pass, read, keep);
  return { text, source, temporary: { id, size: outs * split.pieces * outWidth } };
}

function passSource<Text>(
  config: ReduceConfig,
  hooks: ReduceHooks<Text>,
  text: Text,
  pass: Pass,
  read: Read<Text>,
  store: (value: string) => string,
): KernelSource {
  const { outs, split, width, outWidth } = pass;
  const { lanes, pieces, unrolled } = split;
  const items = outs * pieces;
  const most = Math.max(1, (config.target.software ? 16 : 64) / lanes);
  const side = clamp(powerOfTwo(items), 1, most);
  const workgroups = gridFor(Math.ceil(items / side), config.target);
  const type = hooks.type(width);
  const body = `
let x = ${pass.alongRows ? `lid.x / ${lanes}u` : `lid.x % ${side}u`};
let t = ${pass.alongRows ? `lid.x % ${lanes}u` : `lid.x / ${side}u`};
let item = ${linearWorkgroup(workgroups)} * ${side}u + x;
let o = ${pass.alongRows ? `item / ${pieces}u` : `item % ${outs}u`};
let piece = ${pass.alongRows ? `item % ${pieces}u` : `item / ${outs}u`};
var acc = ${type}(${config.identity});
if (item < ${items}u) {
  ${walk(hooks, text, pass, read)}
}
${acrossLanes(hooks, text, width, outWidth)}
${acrossThreads(hooks, text, pass, side)}
if (t == 0u && item < ${items}u) {
${store("result")}
}`;
  return {
    label: config.label,
    workgroupSize: [side * lanes, 1, 1],
    workgroups,
    blocks: unrolled,
    globals:
      lanes === 1 ? "" : `var<workgroup> tree: array<${hooks.type(outWidth)}, ${side * lanes}>;`,
    body,
  };
}

/** Texts longer than this are not repeated. */
const LONGEST = 300;

/** The steps of a thread's piece: whole blocks of them first, then what is left. */
function walk<Text>(
  hooks: ReduceHooks<Text>,
  text: Text,
  { split: { lanes, pieces, unrolled }, steps, width }: Pass,
  read: Read<Text>,
): string {
  const combine = (a: string, b: string) => hooks.combine(text, a, b, width);
  const taken = (lines: readonly string[], value: string): string =>
    [...lines, `acc = ${combine("acc", value)};`].join("\n    ");
  const one = read(text, "r", "v");
  const single = taken(one.lines, one.value);
  const each = single.length > LONGEST ? 1 : unrolled;
  const block = lanes * each;
  const chunk = Math.ceil(steps / pieces / block) * block;
  const place = (k: number) => (each === 1 ? "block" : `(block * ${each}u + ${k}u)`);
  const values = range(each).map((k) =>
    read(text, lanes === 1 ? place(k) : `(${place(k)} * ${lanes}u + t)`, `v${k}_`),
  );
  const [a, b, c, d] = values.map(({ value }) => value);
  const pairs =
    each === 1 ? [] : [`let left = ${combine(a!, b!)};`, `let right = ${combine(c!, d!)};`];
  const lines = [...values.flatMap((value) => value.lines), ...pairs];
  // A compiler that knows how long a loop is does without a test that it ends.
  const count = chunk * pieces === steps ? `${chunk / block}u` : `(end - begin) / ${block}u`;
  const rest = `for (var r = begin + ${count} * ${block}u + t; r < end; r += ${lanes}u) {
    ${single}
  }`;
  return `
  let begin = min(piece * ${chunk}u, ${steps}u);
  let end = min(begin + ${chunk}u, ${steps}u);
  for (var i = 0u; i < ${count}; i++) {
    let block = begin / ${block}u + i;
    ${taken(lines, each === 1 ? a! : combine("left", "right"))}
  }
  ${steps % block === 0 ? "" : rest}`;
}

/** Four accumulators of one result become one. */
function acrossLanes<Text>(
  hooks: ReduceHooks<Text>,
  text: Text,
  width: 1 | 4,
  outWidth: 1 | 4,
): string {
  if (width === outWidth) return "let own = acc;";
  return [
    `let own_xy = ${hooks.combine(text, "acc.x", "acc.y", 1)};`,
    `let own_zw = ${hooks.combine(text, "acc.z", "acc.w", 1)};`,
    `let own = ${hooks.combine(text, "own_xy", "own_zw", 1)};`,
  ].join("\n");
}

/** Threads that share a result halve their number until one is left. */
function acrossThreads<Text>(
  hooks: ReduceHooks<Text>,
  text: Text,
  { split: { lanes }, alongRows, outWidth }: Pass,
  side: number,
): string {
  if (lanes === 1) return "let result = own;";
  const combine = (a: string, b: string) => hooks.combine(text, a, b, outWidth);
  const apart = alongRows ? "half" : `half * ${side}u`;
  return `
tree[lid.x] = own;
${tree("tree[lid.x]", "t", lanes, combine, apart)}
let result = tree[lid.x];`;
}
