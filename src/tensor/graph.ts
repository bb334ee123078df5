import type { Forward, Program, ProgramNode, View, ViewStep } from "../core/ir.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { applyStep, contiguous, isLinear, type Layout } from "./view.ts";

/** Two copies of one value need two nodes: this one is the same elements again. */
const COPY = {
  id: -9,
  name: "copy",
  forward: {
    kind: "view",
    step: (_: unknown, __: unknown, to) => ({ type: "reshape", shape: to }),
  },
} as { id: number; name: string; forward: Forward };

/** The steps from a domain down to a node, interned so that equal paths have equal numbers. */
export class Paths {
  readonly #steps: (readonly ViewStep[])[] = [[]];
  readonly #ids = new Map<string, number>();

  /** The path that continues `path` through one more step below. */
  extend(path: number, step: ViewStep): number {
    const key = `${path}|${JSON.stringify(step)}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#steps.push([step, ...this.#steps[path]]) - 1;
      this.#ids.set(key, id);
    }
    return id;
  }

  /** Where the elements of a base lie, seen from the domain. */
  layout(path: number, base: readonly number[]): Layout {
    return this.#steps[path].reduce(applyStep, contiguous(base));
  }
}

/** A value as some expression reads it: stored elements, through a path of views. */
export interface Read {
  readonly node: number;
  readonly path: number;
}

/** A program while it is being scheduled: which nodes get memory, who uses whom. */
export class Graph {
  readonly program: Program;
  readonly nodes: ProgramNode[];
  readonly paths = new Paths();
  /** Nodes whose value lies in memory: others are computed where they are used. */
  readonly stored: boolean[];
  readonly users: number[][];
  /** Nodes whose place is a part of a pack, and that pack. */
  readonly placed = new Map<number, number>();
  /** Which home a source lies in, by node. */
  readonly sourceOf = new Map<number, number>();

  constructor(program: Program) {
    this.program = program;
    this.nodes = [...program.nodes];
    this.stored = this.nodes.map(() => false);
    this.users = this.nodes.map(() => []);
    this.nodes.forEach((node, i) => {
      for (const input of new Set(node.inputs)) this.users[input].push(i);
    });
    program.sources.forEach((node, at) => {
      this.sourceOf.set(node, at);
    });
  }

  kind(node: number): Forward["kind"] {
    return this.nodes[node].op.forward.kind;
  }

  /** Its elements are in memory when a kernel starts. */
  inMemory(node: number): boolean {
    return this.stored[node] || this.kind(node) === "source";
  }

  /** Adds a node that stores the elements of `input` once more. */
  copyOf(input: number): number {
    const copy =
      this.nodes.push({ ...this.nodes[input], op: COPY, attrs: {}, inputs: [input] }) - 1;
    this.stored.push(true);
    this.users.push([]);
    this.users[input].push(copy);
    return copy;
  }

  stepOf(node: number): ViewStep {
    const { op, attrs, inputs, shape } = this.nodes[node];
    return (op.forward as View).step(attrs, this.nodes[inputs[0]].shape, shape);
  }

  /** The path to an input of a pointwise node or view, from the path to the node. */
  below(node: number, input: number, path: number): number {
    const { shape } = this.nodes[node];
    const from = this.nodes[input].shape;
    if (this.kind(node) === "view") {
      const step = this.stepOf(node);
      return isNothing(step, from) ? path : this.paths.extend(path, step);
    }
    return sameShape(from, shape) ? path : this.paths.extend(path, { type: "expand", shape });
  }

  /** Element i of the read value is element i of the domain. */
  isIdentity({ node, path }: Read, domain: readonly number[]): boolean {
    const { shape } = this.nodes[node];
    return sizeOf(shape) === sizeOf(domain) && isLinear(this.paths.layout(path, shape));
  }

  /** What the expression of `root` reads from memory, and the inlined nodes on the way. */
  cone(root: number, through: (node: number) => boolean = () => false): Cone {
    const reads: Read[] = [];
    const inlined = new Set<number>([root]);
    const seen = new Set<string>();
    const visit = (node: number, path: number): void => {
      for (const input of this.nodes[node].inputs) {
        const below = this.below(node, input, path);
        const key = `${input}.${below}`;
        if (seen.has(key)) continue;
        seen.add(key);
        if (this.inMemory(input) && !through(input)) reads.push({ node: input, path: below });
        else {
          inlined.add(input);
          if (this.isExpression(input)) visit(input, below);
        }
      }
    };
    if (this.isExpression(root)) visit(root, 0);
    return { reads, inlined };
  }

  isExpression(node: number): boolean {
    const kind = this.kind(node);
    return kind === "pointwise" || kind === "view";
  }

  /** Distinct bindings that reading these values takes. */
  bindings(reads: readonly Read[]): Set<string> {
    return new Set(reads.map(({ node }) => this.bindingOf(node)));
  }

  bindingOf(node: number): string {
    const source = this.sourceOf.get(node);
    if (source === undefined) return `n${node}`;
    return `h${this.program.homes[source].home}:${this.nodes[node].dtype}`;
  }
}

export interface Cone {
  readonly reads: readonly Read[];
  readonly inlined: ReadonlySet<number>;
}

function isNothing(step: ViewStep, from: readonly number[]): boolean {
  return (step.type === "reshape" || step.type === "expand") && sameShape(step.shape, from);
}
