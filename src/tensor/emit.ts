import { unravel } from "../../kernels/indexText.ts";
import type { DType } from "../core/dtype.ts";
import type { Pointwise } from "../core/ir.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { Graph, Read } from "./graph.ts";
import { addressOf, regroup, type Space } from "./space.ts";
import type { KernelText, Ref } from "./text.ts";
import type { Layout } from "./view.ts";
import { lanes, literal, toHalf, typeOf } from "./wgsl.ts";

/** Where a stored node is read from. */
export type Locate = (node: number) => Ref;

const LANES = ["x", "y", "z", "w"] as const;

/** One element at a time, or four: as vectors, or one lane of the vectors in memory after another. */
type Lane = (typeof LANES)[number] | null;

/** The kernel and the index in it at which expressions are written. */
interface Place {
  readonly graph: Graph;
  readonly text: KernelText;
  readonly locate: Locate;
  readonly space: Space;
  readonly indices: readonly string[];
  readonly width: 1 | 4;
}

/** Gives an expression a name, where it has none. */
type Name = (expression: string) => string;

/** Writes expressions of the graph as WGSL, at one index of a space. */
class Emitter {
  readonly #place: Place;
  readonly #graph: Graph;
  readonly #name: Name;
  /** Values that are in registers already, by node. */
  readonly #registers: ReadonlyMap<number, string>;
  readonly #lane: Lane;
  /** Of what is computed. */
  readonly #width: 1 | 4;
  readonly #made = new Map<string, string>();

  constructor(place: Place, name: Name, registers: ReadonlyMap<number, string>, lane: Lane) {
    this.#place = place;
    this.#graph = place.graph;
    this.#name = name;
    this.#registers = registers;
    this.#lane = lane;
    this.#width = lane === null ? place.width : 1;
  }

  /** WGSL of a node's value through a path; `expand` computes it although it has memory. */
  value(node: number, path: number, expand = false): string {
    const key = `${node}.${path}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const register = this.#registers.get(node);
    if (register !== undefined && this.#graph.isIdentity({ node, path }, this.#place.space.shape)) {
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
    if (forward.kind === "scalar") return this.#splat(this.#place.text.scalar(node, dtype), dtype);
    if (forward.kind === "constant") {
      return this.#splat(this.#place.text.constant(attrs.value as number, dtype), dtype);
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
    for (const helper of forward.helpers) this.#place.text.use(helper, width);
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
    const ref = this.#place.locate(read.node);
    const wide = this.#place.width === 4 && layout.strides.at(-1) === 1;
    const loaded = this.#place.text.load(ref, dtype, this.#address(layout), wide ? 4 : 1);
    if (!wide) return this.#name(this.#splat(loaded, dtype));
    return this.#lane === null ? this.#name(loaded) : `${this.#name(loaded)}.${this.#lane}`;
  }

  #iota(node: number, path: number): string {
    const { shape, dtype } = this.#graph.nodes[node];
    const layout = this.#layout(path, shape);
    const address = this.#address(layout);
    const step = layout.strides.at(-1) ?? 0;
    const four = `vec4<u32>(${address}) + vec4<u32>(0u, 1u, 2u, 3u) * ${step >>> 0}u`;
    const all = this.#place.width === 1 ? address : four;
    return `${typeOf(dtype, this.#width)}(${this.#lane === null ? all : `(${all}).${this.#lane}`})`;
  }

  #splat(value: string, dtype: DType): string {
    return this.#width === 1 ? value : `${typeOf(dtype, 4)}(${value})`;
  }

  /** The layout over the space's merged axes. */
  #layout(path: number, base: Shape): Layout {
    return regroup(this.#graph.paths.layout(path, base), this.#place.space);
  }

  /** WGSL of an address in elements. */
  #address(layout: Layout): string {
    return addressOf(layout, this.#place.indices, this.#name);
  }

  #inside(layout: Layout): string {
    const tests: string[] = [];
    const collectTests = (l: Layout, indices: readonly string[]): void => {
      l.mask?.forEach(([lo, hi], d) => {
        if (lo > 0) tests.push(`${indices[d]} >= ${lo}u`);
        if (hi < l.shape[d]) tests.push(`${indices[d]} < ${hi}u`);
      });
      if (l.under === null) return;
      const linear = addressOf({ ...l, under: null }, indices, this.#name);
      collectTests(l.under, unravel(this.#name(linear), l.under.shape));
    };
    collectTests(layout, this.#place.indices);
    return tests.length === 0 ? "true" : tests.join(" && ");
  }
}

/**
 * WGSL of values at one place, and the statements before it. A later value may use earlier ones.
 * `apart` computes the four lanes of vectors one after the other: a compiler that keeps few values
 * in registers then does not move them to memory and back.
 */
export function valuesOf(
  place: Place & {
    readonly registers?: ReadonlyMap<number, string>;
    /** What the names of values begin with. */
    readonly prefix: string;
    readonly apart: boolean;
    /** They are computed although they have memory. */
    readonly expand: boolean;
  },
  wanted: readonly Read[],
): { readonly lines: readonly string[]; readonly values: readonly string[] } {
  const lines: string[] = [];
  const names = new Map<string, string>();
  const name = (expression: string): string => {
    if (/^\w+$/.test(expression)) return expression;
    let known = names.get(expression);
    if (known === undefined) {
      known = `${place.prefix}${lines.length}`;
      lines.push(`let ${known} = ${expression};`);
      names.set(expression, known);
    }
    return known;
  };
  const inLane = (lane: Lane): string[] => {
    const registers = new Map(place.registers);
    const emitter = new Emitter(place, name, registers, lane);
    return wanted.map(({ node, path }) => {
      const value = emitter.value(node, path, place.expand);
      registers.set(node, value);
      return value;
    });
  };
  if (!place.apart || place.width === 1) return { lines, values: inLane(null) };
  const lanes = LANES.map(inLane);
  const values = wanted.map(({ node }, i) => {
    const type = typeOf(place.graph.nodes[node].dtype, 4);
    return `${type}(${lanes.map((lane) => lane[i]).join(", ")})`;
  });
  return { lines, values };
}
