import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import { isNanHelper, oneLane } from "../math/floatHelpers.ts";
import { helpersOf } from "./rowwise.ts";

/**
 * The forward and the backward recursion of connectionist temporal classification over a lattice of
 * steps [T] by states [2S + 1], where even states are blanks and state 2j + 1 is label j. Inputs of
 * both: the log probability of each state at each step [T, N, states], labels [N, S], and lengths
 * [2, N]: steps, then labels. A workgroup takes an example and its threads the states; all steps
 * happen in one launch, and the last two rows of the lattice are in workgroup memory. On a software
 * adapter, where barriers are dear, a workgroup is a single thread.
 */

/** Two rows of so many states fit the workgroup memory that every device has. */
export const MOST_STATES = 2048;

/** The logarithm of 0 within the lattice: sums of it stay finite, and are told from true ones. */
const NONE = "-1e30";
const IMPOSSIBLE = "1e29";

export interface CtcMessages {
  readonly steps: string;
  readonly count: string;
  readonly label: string;
  readonly blank: string;
}

interface Lattice {
  readonly steps: number;
  readonly examples: number;
  readonly labels: number;
  readonly states: number;
  readonly threads: number;
  /** Names of helpers. */
  readonly max: string;
  readonly exp: string;
  /** WGSL of an element, by its step and state. */
  readonly emission: (t: string, s: string) => string;
  readonly label: (j: string) => string;
  readonly length: (row: "0u" | "1u") => string;
}

function latticeOf(call: KernelCall, [emissions, labels, lengths]: readonly Operand[]): Lattice {
  const [steps, examples, states] = emissions!.shape as [number, number, number];
  let threads = call.target.software ? 1 : 32;
  while (!call.target.software && threads < Math.min(states, 256)) threads *= 2;
  const { max, exp } = helpersOf(call);
  return {
    steps,
    examples,
    states,
    threads,
    max,
    exp,
    labels: labels!.shape[1]!,
    emission: (t, s) => `${max}(${emissions!.at([t, "n", s])}, NONE)`,
    label: (j) => labels!.at(["n", j]),
    length: (row) => lengths!.at([row, "n"]),
  };
}

function sourceOf(call: KernelCall, lattice: Lattice, label: string, body: string): KernelSource {
  const { threads, states, steps, examples, exp } = lattice;
  const { log } = helpersOf(call);
  const workgroups = gridFor(examples, call.target);
  return {
    label: `${label} ${steps}x${examples}x${states}`,
    workgroupSize: [threads, 1, 1],
    workgroups,
    globals: wgsl`
const NONE = ${NONE};
var<workgroup> rows: array<f32, ${2 * states}>;
/** ln(e^a + e^b + e^c) */
fn sum3(a: f32, b: f32, c: f32) -> f32 {
  let top = max(a, max(b, c));
  return top + ${log}(${exp}(a - top) + ${exp}(b - top) + ${exp}(c - top));
}`,
    // The condition is the same for the whole workgroup, so barriers may stand inside.
    body: wgsl`
let n = ${linearWorkgroup(workgroups)};
if (n < ${examples}u) {
let steps = u32(clamp(${lattice.length("0u")}, 0, ${steps}));
let count = u32(clamp(${lattice.length("1u")}, 0, ${lattice.labels}));
let last = 2u * count; // states behind it are not this example's
${body}
}`,
  };
}

/** WGSL of whether a path may come to the odd state s ≥ 3 from s - 2: not between equal labels. */
const skips = ({ label }: Lattice, s: string): string =>
  `(${s} & 1u) == 1u && ${label(`((${s} - 1u) / 2u)`)} != ${label(`((${s} - 3u) / 2u)`)}`;

const barrier = ({ threads }: Lattice, why: string): string =>
  threads === 1 ? "" : `workgroupBarrier(); // ${why}`;

/** Statements that report wrong lengths and labels. */
function checks(call: KernelCall, lattice: Lattice, messages: CtcMessages): string {
  const { classes, blank } = call.attrs as { readonly classes: number; readonly blank: number };
  const { steps, labels, threads, length, label } = lattice;
  return wgsl`
if (lid.x == 0u) {
  if (${length("0u")} < 0 || ${length("0u")} > ${steps}) { ${call.report(messages.steps)} }
  if (${length("1u")} < 0 || ${length("1u")} > ${labels}) { ${call.report(messages.count)} }
}
for (var j = lid.x; j < count; j += ${threads}u) {
  let label = ${label("j")};
  if (label < 0 || label >= ${classes}) { ${call.report(messages.label)} }
  if (label == ${blank}) { ${call.report(messages.blank)} }
}`;
}

/**
 * Output 0 [N]: -ln of the probability of all paths; Infinity where there is none. Output 1
 * [T, N, states]: alpha, the log probability of all paths up to a step and state, which includes
 * its own emission.
 */
export function ctcKernel(call: KernelCall, messages: CtcMessages): KernelSource {
  const [losses, alphas] = call.outputs as [Sink, Sink];
  const lattice = latticeOf(call, call.inputs);
  const { steps, states, threads, emission } = lattice;
  const keep = (t: string) => (alphas.wanted ? alphas.store([t, "n", "s"], "v") : "");
  const end = ((steps - 1) % 2) * states;
  return sourceOf(
    call,
    lattice,
    "ctc",
    wgsl`
${checks(call, lattice, messages)}
for (var s = lid.x; s < ${states}u; s += ${threads}u) {
  var v = NONE;
  if (s < 2u && s <= last) { v = ${emission("0u", "s")}; }
  rows[s] = v;
  ${keep("0u")}
}
${barrier(lattice, "the first row is there")}
for (var t = 1u; t < ${steps}u; t++) {
  let before = ((t + 1u) & 1u) * ${states}u;
  let now = (t & 1u) * ${states}u;
  for (var s = lid.x; s < ${states}u; s += ${threads}u) {
    // Behind the example's last step its row stays as it is.
    var v = rows[before + s];
    if (t < steps && s <= last) {
      var second = NONE;
      var third = NONE;
      if (s > 0u) { second = rows[before + s - 1u]; }
      if (s > 2u) { if (${skips(lattice, "s")}) { third = rows[before + s - 2u]; } }
      v = sum3(v, second, third) + ${emission("t", "s")};
    }
    rows[now + s] = v;
    ${keep("t")}
  }
  ${barrier(lattice, "this row is there, and the one before was read")}
}
if (lid.x == 0u) {
  var second = NONE;
  if (last > 0u) { second = rows[${end}u + last - 1u]; }
  var loss = -sum3(rows[${end}u + last], second, NONE);
  if (steps == 0u) { loss = select(-NONE, 0.0, count == 0u); }
  if (loss > ${IMPOSSIBLE}) { loss = ${oneLane.helper("inf_like")}(loss); }
  ${losses.wanted ? losses.store(["n"], "loss") : ""}
}`,
  );
}

/**
 * Inputs g [N], those of the forward recursion, and its alphas: d(Σ g·loss)/d(emission), which is
 * -g times the probability that a path through the labels is in that state at that step. 0 where no
 * path is.
 */
export function ctcBackwardKernel(call: KernelCall): KernelSource {
  const [g, emissions, labels, lengths, alphas] = call.inputs as Operand[];
  const lattice = latticeOf(call, [emissions!, labels!, lengths!]);
  const { steps, states, threads, emission, exp } = lattice;
  const nan = call.use(isNanHelper, oneLane);
  const alpha = (t: string, s: string) => alphas!.at([t, "n", s]);
  return sourceOf(
    call,
    lattice,
    "ctcBackward",
    wgsl`
let end = max(steps, 1u) - 1u;
var second = NONE;
if (last > 0u) { second = ${alpha("end", "(last - 1u)")}; }
let total = sum3(${alpha("end", "last")}, second, NONE);
let possible = ${nan}(total) || total > -${IMPOSSIBLE};
for (var back = 0u; back < ${steps}u; back++) {
  let t = ${steps - 1}u - back;
  let after = ((back + 1u) & 1u) * ${states}u;
  let now = (back & 1u) * ${states}u;
  for (var s = lid.x; s < ${states}u; s += ${threads}u) {
    // The log probability of all paths from here on, without this step's own emission.
    var beta = NONE;
    var slope = 0.0;
    if (t < steps && s <= last) {
      if (t == end) {
        if (s + 1u >= last) { beta = 0.0; }
      } else {
        var next = NONE;
        var third = NONE;
        if (s < last) { next = rows[after + s + 1u]; }
        if (s + 2u < last) { if (${skips(lattice, "(s + 2u)")}) { third = rows[after + s + 2u]; } }
        beta = sum3(rows[after + s], next, third);
      }
      if (possible) {
        slope = -${g!.at(["n"])} * ${exp}(${alpha("t", "s")} + beta - total);
      }
      beta += ${emission("t", "s")};
    }
    rows[now + s] = beta;
    ${call.outputs[0]!.store(["t", "n", "s"], "slope")}
  }
  ${barrier(lattice, "this row is there, and the one behind was read")}
}`,
  );
}
