import { unravel } from "../../kernels/indexText.ts";
import type { DType } from "../core/dtype.ts";
import type { Pointwise } from "../core/ir.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { Graph, Read } from "./graph.ts";
import type { KernelText, Ref } from "./text.ts";
import { collapse, type Layout } from "./view.ts";
import { lanes, literal, toHalf, typeOf } from "./wgsl.ts";

/** The index space a kernel walks: a shape whose neighbouring axes were merged where possible. */
export interface Space {
  readonly shape: Shape;
  readonly groups: readonly (readonly number[])[];
  /** Size of each group. */
  readonly sizes: readonly number[];
}

/** Merges axes that every layout walks alike; never across `borders` (true: starts a new group). */
export function spaceOf(
  shape: Shape,
  layouts: readonly Layout[],
  border: (axis: number, before: number) => boolean = () => false,
): Space {
  const masked = (d: number) =>
    layouts.some(({ mask }) => mask !== null && (mask[d][0] !== 0 || mask[d][1] !== shape[d]));
  const groups = collapse(
    shape,
    [...layouts.map((l) => l.strides)],
    (d, before) => border(d, before) || masked(d),
    masked,
  );
  return { shape, groups, sizes: groups.map((g) => g.reduce((n, d) => n * shape[d], 1)) };
}

/** The space of a domain that is walked axis by axis, as a kernel's own indices do. */
export const plainSpace = (shape: Shape): Space => ({
  shape,
  groups: shape.map((_, d) => [d]),
  sizes: shape,
});

/** Where a stored node is read from. */
export type Locate = (node: number) => Ref;

/** One element at a time, or four: as vectors, or one lane of the vectors in memory after another. */
type Lane = "x" | "y" | "z" | "w" | null;

interface At {
  readonly space: Space;
  readonly indices: readonly string[];
  readonly width: 1 | 4;
}

/** What the expressions of a kernel have in common. */
interface Scope {
  readonly graph: Graph;
  readonly text: KernelText;
  readonly locate: Locate;
}

/** Statements, each of which names the value of an expression; equal ones are made once. */
class Statements {
  readonly lines: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  name(expression: string): string {
    if (/^\w+$/.test(expression)) return expression;
    const known = this.#names.get(expression);
    if (known !== undefined) return known;
    const name = `${this.#prefix}${this.lines.length}`;
    this.lines.push(`let ${name} = ${expression};`);
    this.#names.set(expression, name);
    return name;
  }
}

/** Writes expressions of the graph as WGSL, at one index of a space. */
class Emitter {
  readonly #scope: Scope;
  readonly #graph: Graph;
  readonly #at: At;
  readonly #statements: Statements;
  readonly #lane: Lane;
  /** Of what is computed. */
  readonly #width: 1 | 4;
  /** Values that are in registers already, by node. */
  readonly #registers: ReadonlyMap<number, string>;
  readonly #made = new Map<string, string>();

  constructor(
    scope: Scope,
    at: At,
    statements: Statements,
    registers: ReadonlyMap<number, string>,
    lane: Lane,
  ) {
    this.#scope = scope;
    this.#graph = scope.graph;
    this.#at = at;
    this.#statements = statements;
    this.#registers = registers;
    this.#lane = lane;
    this.#width = lane === null ? at.width : 1;
  }

  /** WGSL of a node's value through a path; `expand` computes it although it has memory. */
  value(node: number, path: number, expand = false): string {
    const key = `${node}.${path}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const register = this.#registers.get(node);
    if (register !== undefined && this.#graph.isIdentity({ node, path }, this.#at.space.shape)) {
      return register;
    }
    const made = this.#make(node, path, expand);
    this.#made.set(key, made);
    return made;
  }

  #make(node: number, path: number, expand: boolean): string {
    const { op, inputs, dtype, attrs } = this.#graph.nodes[node];
    const { forward } = op;
    if (this.#graph.inMemory(node) && !expand) return this.#load({ node, path });
    if (forward.kind === "scalar") return this.#splat(this.#scope.text.scalar(node, dtype), dtype);
    if (forward.kind === "constant") {
      return this.#splat(this.#scope.text.constant(attrs.value as number, dtype), dtype);
    }
    if (forward.kind === "iota") return this.#name(this.#iota(node, path));
    if (forward.kind === "view") return this.#view(node, path);
    const args = inputs.map((i) => this.value(i, this.#graph.below(node, i, path)));
    return this.#name(this.#apply(forward as Pointwise, node, args));
  }

  #apply(forward: Pointwise, node: number, args: readonly string[]): string {
    const { inputs, dtype, attrs } = this.#graph.nodes[node];
    const types = inputs.map((i) => this.#graph.nodes[i].dtype);
    const width = lanes(this.#width, types, dtype);
    for (const helper of forward.helpers) this.#scope.text.use(helper, width);
    const value = forward.wgsl(args, width, attrs);
    if (dtype !== "float16" || forward.rounds !== true) return value;
    return `${typeOf(dtype, this.#width)}(${toHalf(value, this.#width)})`;
  }

  /** A padded view is zero outside its base; every other view only changes addresses. */
  #view(node: number, path: number): string {
    const graph = this.#graph;
    const [input] = graph.nodes[node].inputs;
    const below = graph.below(node, input, path);
    const value = this.value(input, below);
    // A padded view further down has tested all indices on the way to it.
    if (!this.#pads(node) || this.#isPadded(input)) return value;
    const { dtype, shape } = graph.nodes[input];
    const inside = this.#inside(this.#layout(below, shape));
    const zero = this.#splat(literal(0, dtype), dtype);
    return this.#name(`select(${zero}, ${value}, ${inside})`);
  }

  #pads(node: number): boolean {
    const { inputs, shape } = this.#graph.nodes[node];
    const grows = sizeOf(this.#graph.nodes[inputs[0]].shape) !== sizeOf(shape);
    return grows && this.#graph.stepOf(node).type === "pad";
  }

  /** Its expression begins with padded views. */
  #isPadded(node: number): boolean {
    const graph = this.#graph;
    if (graph.inMemory(node) || graph.kind(node) !== "view") return false;
    return this.#pads(node) || this.#isPadded(graph.nodes[node].inputs[0]);
  }

  #load(read: Read): string {
    const { shape, dtype } = this.#graph.nodes[read.node];
    // A padded view of nothing: every element lies outside.
    if (sizeOf(shape) === 0) return this.#splat(literal(0, dtype), dtype);
    const layout = this.#layout(read.path, shape);
    const ref = this.#scope.locate(read.node);
    const wide = this.#at.width === 4 && layout.strides.at(-1) === 1;
    const loaded = this.#scope.text.load(ref, dtype, this.#address(layout), wide ? 4 : 1);
    if (!wide) return this.#name(this.#splat(loaded, dtype));
    return this.#lane === null ? this.#name(loaded) : `${this.#name(loaded)}.${this.#lane}`;
  }

  #iota(node: number, path: number): string {
    const { shape, dtype } = this.#graph.nodes[node];
    const layout = this.#layout(path, shape);
    const address = this.#address(layout);
    const step = layout.strides.at(-1) ?? 0;
    const four = `vec4<u32>(${address}) + vec4<u32>(0u, 1u, 2u, 3u) * ${step >>> 0}u`;
    const all = this.#at.width === 1 ? address : four;
    return `${typeOf(dtype, this.#width)}(${this.#lane === null ? all : `(${all}).${this.#lane}`})`;
  }

  #splat(value: string, dtype: DType): string {
    return this.#width === 1 ? value : `${typeOf(dtype, 4)}(${value})`;
  }

  #name(expression: string): string {
    return this.#statements.name(expression);
  }

  /** The layout over the space's merged axes. */
  #layout(path: number, base: Shape): Layout {
    return regroup(this.#graph.paths.layout(path, base), this.#at.space);
  }

  /** WGSL of an address in elements. */
  #address(layout: Layout): string {
    return addressOf(layout, this.#at.indices, (text) => this.#name(text));
  }

  #inside(layout: Layout): string {
    const tests: string[] = [];
    const collectTests = (l: Layout, indices: readonly string[]): void => {
      l.mask?.forEach(([lo, hi], d) => {
        if (lo > 0) tests.push(`${indices[d]} >= ${lo}u`);
        if (hi < l.shape[d]) tests.push(`${indices[d]} < ${hi}u`);
      });
      if (l.under === null) return;
      const linear = addressOf({ ...l, under: null }, indices, (text) => this.#name(text));
      collectTests(l.under, unravel(this.#name(linear), l.under.shape));
    };
    collectTests(layout, this.#at.indices);
    return tests.length === 0 ? "true" : tests.join(" && ");
  }
}

const LANES = ["x", "y", "z", "w"] as const;

/**
 * WGSL of values at one place, and the statements before it. A later value may use earlier ones.
 * `apart` computes the four lanes of vectors one after the other: a compiler that keeps few values
 * in registers then does not move them to memory and back.
 */
export function valuesOf(
  scope: Scope,
  at: At,
  wanted: readonly Read[],
  options: {
    readonly registers?: ReadonlyMap<number, string>;
    readonly prefix?: string;
    readonly apart?: boolean;
    /** They are computed although they have memory. */
    readonly expand?: boolean;
  } = {},
): { readonly lines: readonly string[]; readonly values: readonly string[] } {
  const { registers = new Map(), prefix = "v", apart = false, expand = false } = options;
  const statements = new Statements(prefix);
  const inLane = (lane: Lane): string[] => {
    const known = new Map<number, string>(registers);
    const emitter = new Emitter(scope, at, statements, known, lane);
    return wanted.map(({ node, path }) => {
      const value = emitter.value(node, path, expand);
      known.set(node, value);
      return value;
    });
  };
  const { lines } = statements;
  if (!apart || at.width === 1) return { lines, values: inLane(null) };
  const lanes = LANES.map(inLane);
  const values = wanted.map(({ node }, i) => {
    const type = typeOf(scope.graph.nodes[node].dtype, 4);
    return `${type}(${lanes.map((lane) => lane[i]).join(", ")})`;
  });
  return { lines, values };
}

function scaled(index: string, stride: number): string | null {
  if (stride === 0 || index === "0u") return null;
  return stride === 1 ? index : `${index} * ${stride >>> 0}u`;
}

/**
 * WGSL of the element at these indices of a layout. Unsigned arithmetic wraps, so negative strides
 * are right.
 * @param name gives an expression a name, where a layout lies under another one
 */
export function addressOf(
  layout: Layout,
  indices: readonly string[],
  name: (text: string) => string = (text) => text,
): string {
  const terms = layout.strides.map((s, d) => scaled(indices[d], s)).filter((t) => t !== null);
  if (layout.offset !== 0) terms.push(`${layout.offset >>> 0}u`);
  const top = terms.length === 0 ? "0u" : terms.length === 1 ? terms[0] : `(${terms.join(" + ")})`;
  if (layout.under === null) return top;
  return addressOf(layout.under, unravel(name(top), layout.under.shape), name);
}

/** A layout over a shape as one over its merged axes. */
export function regroup(layout: Layout, space: Space): Layout {
  const last = space.groups.map((g) => g[g.length - 1]);
  const { mask } = layout;
  return {
    ...layout,
    shape: space.sizes,
    strides: last.map((d) => layout.strides[d]),
    mask:
      mask === null
        ? null
        : last.map((d, i) => (space.groups[i].length > 1 ? [0, space.sizes[i]] : mask[d])),
  };
}

/** Whether values through these layouts can be read four neighbours at a time. */
export function canBeWide(layouts: readonly Layout[], space: Space): boolean {
  const last = space.sizes.at(-1);
  if (last === undefined || last % 4 !== 0) return false;
  return layouts.every((layout) => isWide(regroup(layout, space)));
}

function isWide({ strides, offset, mask, under }: Layout): boolean {
  const step = strides.at(-1);
  if (under !== null) return false;
  const edge = mask?.at(-1);
  if (edge !== undefined && (edge[0] % 4 !== 0 || edge[1] % 4 !== 0)) return false;
  if (step === 0) return true;
  return step === 1 && offset % 4 === 0 && strides.slice(0, -1).every((s) => s % 4 === 0);
}

/** Layouts of everything an expression reads or compares indices with, seen from a domain. */
export function layoutsOf(graph: Graph, node: number, path: number, expand: boolean): Layout[] {
  const found: Layout[] = [];
  const seen = new Set<string>();
  const visit = (n: number, p: number, open: boolean): void => {
    const key = `${n}.${p}`;
    if (seen.has(key)) return;
    seen.add(key);
    const kind = graph.kind(n);
    const { shape, inputs } = graph.nodes[n];
    const reads = graph.inMemory(n) && !open;
    if (reads || kind === "iota") found.push(graph.paths.layout(p, shape));
    if (reads || !graph.isExpression(n)) return;
    for (const input of inputs) {
      const below = graph.below(n, input, p);
      const pads = kind === "view" && graph.stepOf(n).type === "pad";
      if (pads) found.push(graph.paths.layout(below, graph.nodes[input].shape));
      visit(input, below, false);
    }
  };
  visit(node, path, expand);
  return found;
}
