import { computed, type TypedArray, toDType } from "../core/dtype.ts";
import type { Executable, Leaf, Pack, Program, ProgramNode, Run } from "../core/ir.ts";
import { sizeOf } from "../core/shape.ts";
import { type Context, familiesOf, prepareKernel, type Step } from "./families.ts";
import { preparePointwise } from "./pointwise.ts";
import { prepareReduction } from "./reduce.ts";
import { createArray, type Precision, roundStored, usable } from "./storage.ts";
import { type Evaluate, prepareView } from "./views.ts";

/**
 * Interprets a graph node by node, without fusion, plans or address arithmetic across nodes: the
 * oracle of whatever runs the same graph faster.
 */
export function interpret(
  stored: Program,
  precision: Precision,
  report: (error: Error) => void,
): Executable {
  // float16 is a type of storage: between loads and stores its values are float32.
  const nodes = stored.nodes.map((node) => ({ ...node, dtype: computed(node.dtype) }));
  const program = { ...stored, nodes };
  const context = { program, precision, report, families: familiesOf(program) };
  const steps = stored.nodes.map((node, at) => rounding(node, at, prepare(context, at)));
  const dead = lastUses(program);
  return {
    run(call) {
      const values = new Array<TypedArray | null>(steps.length).fill(null);
      for (let at = 0; at < steps.length; at++) {
        steps[at]!(values, call);
        for (const gone of dead[at]!) values[gone] = null;
      }
      store(program, values, call);
    },
    // Nothing outlives a run.
    free() {},
  };
}

function prepare(context: Context, at: number): Step {
  const { program, precision } = context;
  const node = program.nodes[at]!;
  const { forward } = node.op;
  const specs = node.inputs.map((i) => program.nodes[i]!);
  const create = () => createArray(sizeOf(node.shape), node.dtype, precision);
  switch (forward.kind) {
    case "pointwise": {
      const shapes = specs.map((s) => s.shape);
      return inputsTo(node, at, preparePointwise(node, forward, shapes, create));
    }
    case "view": {
      const from = specs[0]!.shape;
      const step = forward.step(node.attrs, from, node.shape);
      return inputsTo(node, at, prepareView(step, from, create));
    }
    case "reduction":
      return inputsTo(node, at, prepareReduction(node, forward, specs[0]!, precision));
    case "kernel":
      return prepareKernel(context, node, forward, at);
    case "pack":
      return inputsTo(node, at, preparePack(node, forward, create));
    default:
      return prepareLeaf(context, node, forward, at);
  }
}

/** A cast to float16 rounds although its result is not stored. */
function rounding({ op: { forward }, dtype }: ProgramNode, at: number, step: Step): Step {
  if (forward.kind !== "pointwise" || forward.rounds !== true) return step;
  return (values, call) => {
    step(values, call);
    roundStored(values[at]!, dtype);
  };
}

const inputsTo =
  (node: ProgramNode, at: number, f: Evaluate): Step =>
  (values) => {
    values[at] = f(...node.inputs.map((i) => values[i]!));
  };

function preparePack(node: ProgramNode, pack: Pack, create: () => TypedArray): Evaluate {
  const offsets = pack.offsets(node.attrs);
  return (...inputs) => {
    const out = create();
    inputs.forEach((x, i) => {
      out.set(x, offsets[i]);
    });
    return out;
  };
}

function prepareLeaf(context: Context, node: ProgramNode, { kind }: Leaf, at: number): Step {
  const { program, precision } = context;
  const size = sizeOf(node.shape);
  const create = () => createArray(size, node.dtype, precision);
  const sourceSlot = program.sources.indexOf(at);
  const scalarSlot = program.scalars.indexOf(at);
  const constant = Number(node.attrs.value);
  return (values, call) => {
    if (kind === "source") {
      const { data } = usable(node.op.name, call.sources[sourceSlot]!);
      values[at] = data.length === size ? data : data.subarray(0, size);
    } else if (kind === "iota") {
      values[at] = create().map((_: number, i: number) => i);
    } else {
      const value = kind === "scalar" ? call.scalars[scalarSlot]! : constant;
      values[at] = create().fill(toDType(value, node.dtype));
    }
  };
}

/** Per node: the nodes whose values nobody reads after it. */
function lastUses({ nodes, stores }: Program): number[][] {
  const last = nodes.map((_, at) => at);
  nodes.forEach((node, at) => {
    for (const input of node.inputs) last[input] = at;
  });
  const stored = new Set(stores.map((s) => s.node));
  const dead = nodes.map((): number[] => []);
  last.forEach((at, node) => {
    if (!stored.has(node)) dead[at]!.push(node);
  });
  return dead;
}

/** Copies results to their targets; a value that lies in a target itself is saved first. */
function store({ stores }: Program, values: readonly (TypedArray | null)[], call: Run): void {
  const targets = call.targets.map((t) => usable("store", t));
  const homes = new Set<object>(targets.map((t) => t.home));
  const results = stores.map(({ node }) => {
    const value = values[node]!;
    return stores.length > 1 && homes.has(value.buffer) ? value.slice() : value;
  });
  results.forEach((value, i) => {
    const { data, dtype } = targets[i]!;
    data.set(value);
    roundStored(data, dtype);
  });
}
