import type { Kernel, Program, Target } from "../core/ir.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { decideStorage, operandBase } from "./fuse.ts";
import { Graph, type Read } from "./graph.ts";
import { isLinear } from "./view.ts";

/** One kernel launch: an anchor, and what was fused into it. */
export interface Launch {
  readonly kind: "pointwise" | "reduction" | "kernel";
  /** The reduction, or the kernel's first recorded output; -1 for element-wise launches. */
  readonly anchor: number;
  /** The results of the anchor, by output of the kernel's family. */
  readonly results: Map<number, number>;
  /** Element-wise values computed after the anchor, or alone, in order. */
  readonly outputs: number[];
  /** Sums of operands that the kernel makes on its way. */
  readonly absorbed: { readonly input: number; readonly node: number }[];
  /** Launches that must run before. */
  readonly after: Set<Launch>;
  /** The node that it was opened for. */
  readonly opener: number;
}

export interface Schedule {
  readonly graph: Graph;
  readonly launches: readonly Launch[];
  /** Which launch computes a stored node. */
  readonly producer: ReadonlyMap<number, Launch>;
}

/** Turns a program into launches: fused where it can be, in an order that can run. */
export function schedule(program: Program, target: Target): Schedule {
  const graph = new Graph(program);
  decideStorage(graph, target);
  const builder = new Builder(graph, target);
  for (const node of builder.order()) builder.place(node);
  return { graph, launches: inOrder(builder.launches), producer: builder.producer };
}

/** Element-wise ops of one launch: drivers take long over kernels without end. */
const LARGEST = 256;

class Builder {
  readonly launches: Launch[] = [];
  readonly producer = new Map<number, Launch>();
  readonly #graph: Graph;
  readonly #target: Target;
  /** Reductions that a kernel computes on its way, and that kernel's node. */
  readonly #absorbed = new Map<number, { kernel: number; input: number }>();
  readonly #families = new Map<string, Launch>();
  /** How many results of each family there are, and will be in its launch. */
  readonly #members = new Map<string, number>();
  readonly #expected = new Map<Launch, number>();
  /** Element-wise ops in each launch. */
  readonly #sizes = new Map<Launch, number>();

  constructor(graph: Graph, target: Target) {
    this.#graph = graph;
    this.#target = target;
    graph.nodes.forEach((_, node) => {
      if (target.fuse && graph.kind(node) === "reduction") this.#offerToKernels(node);
      if (!target.fuse || graph.kind(node) !== "kernel") return;
      const family = this.#familyOf(node);
      this.#members.set(family, (this.#members.get(family) ?? 0) + 1);
    });
  }

  /** Stored nodes, each after what it needs; an absorbed reduction after its kernel. */
  order(): number[] {
    const graph = this.#graph;
    const order: number[] = [];
    const state = new Uint8Array(graph.nodes.length);
    const visit = (node: number): void => {
      if (state[node] !== 0) return;
      state[node] = 1;
      const kernel = this.#absorbed.get(node)?.kernel;
      if (kernel !== undefined) {
        if (state[kernel] === 1) this.#absorbed.delete(node);
        else visit(kernel);
      }
      for (const input of graph.nodes[node].inputs) visit(input);
      state[node] = 2;
      if (graph.stored[node]) order.push(node);
    };
    graph.nodes.forEach((_, node) => {
      visit(node);
    });
    return order;
  }

  place(node: number): void {
    const kind = this.#graph.kind(node);
    if (kind === "source" || kind === "pack") return;
    if (kind === "kernel") this.#placeKernel(node);
    else if (kind === "reduction") this.#placeReduction(node);
    else this.#placeExpression(node);
  }

  #placeKernel(node: number): void {
    const { op, inputs } = this.#graph.nodes[node];
    const forward = op.forward as Kernel;
    const key = this.#familyOf(node);
    const same = this.#families.get(key);
    if (this.#target.fuse && same !== undefined) {
      same.results.set(forward.output, node);
      this.producer.set(node, same);
      return;
    }
    const reads = inputs.map((input) => ({ node: this.#operand(input), path: 0 }));
    const launch = this.#open("kernel", node, reads);
    launch.results.set(forward.output, node);
    this.#families.set(key, launch);
    this.#expected.set(launch, this.#members.get(key) ?? 1);
  }

  /** Kernels of one family with equal inputs. */
  #familyOf(node: number): string {
    const { op, attrs, inputs, notBefore } = this.#graph.nodes[node];
    // What is computed again is a second value: with the first it would share one place.
    return `${(op.forward as Kernel).family}(${inputs})${JSON.stringify(attrs)}${notBefore}`;
  }

  #placeReduction(node: number): void {
    const absorbed = this.#absorbed.get(node);
    if (absorbed !== undefined) {
      const launch = this.producer.get(absorbed.kernel)!;
      launch.absorbed.push({ input: absorbed.input, node });
      this.producer.set(node, launch);
      return;
    }
    const input = this.#graph.nodes[node].inputs[0];
    const reads = this.#graph.inMemory(input)
      ? [{ node: input, path: 0 }]
      : this.#graph.cone(input).reads;
    this.#open("reduction", node, reads).results.set(0, node);
  }

  /** An element-wise value joins the launch that makes one of its inputs, or a like one. */
  #placeExpression(node: number): void {
    const { reads, inlined } = this.#graph.cone(node);
    const made = reads.flatMap((r) => this.#producersOf(r.node));
    const candidates = this.#target.fuse ? [...made.reverse(), ...this.launches.toReversed()] : [];
    const likely = new Set(candidates);
    for (const launch of likely) {
      const size = (this.#sizes.get(launch) ?? 0) + inlined.size;
      if (size > LARGEST || !this.#joins(node, reads, launch)) continue;
      this.#sizes.set(launch, size);
      launch.outputs.push(node);
      this.producer.set(node, launch);
      for (const l of made) if (l !== launch) launch.after.add(l);
      return;
    }
    const launch = this.#open("pointwise", -1, reads, node);
    launch.outputs.push(node);
    this.#sizes.set(launch, inlined.size);
  }

  /** Whether the value can be computed in the registers of a launch, element by element. */
  #joins(node: number, reads: readonly Read[], launch: Launch): boolean {
    const graph = this.#graph;
    if (launch.opener < graph.nodes[node].notBefore) return false;
    const domain = this.#domain(launch);
    const { shape } = graph.nodes[node];
    if (sizeOf(shape) !== sizeOf(domain) || sizeOf(domain) === 0) return false;
    if (launch.kind === "pointwise" && !sameShape(shape, domain)) return false;
    const inside = reads.filter((r) => this.#producersOf(r.node).includes(launch));
    const chain = inside.every(
      (r) => this.#inRegisters(launch, r.node) && graph.isIdentity(r, shape),
    );
    if (!chain || (inside.length === 0 && !this.#shares(reads, launch))) return false;
    const before = reads.flatMap((r) => this.#producersOf(r.node));
    if (before.some((l) => l !== launch && reaches(l, launch))) return false;
    if (this.#mixesPack(node, reads, launch)) return false;
    return this.#bindingsWith(node, reads, launch) <= this.#target.maxBindings;
  }

  /** Together they would read from a pack into which they write. */
  #mixesPack(node: number, reads: readonly Read[], launch: Launch): boolean {
    const { placed } = this.#graph;
    const made = this.#resultsOf(launch).add(node);
    const packs = new Set([...made].map((n) => placed.get(n)));
    return [...this.#readsOf(launch), ...reads].some(
      (r) => !made.has(r.node) && placed.has(r.node) && packs.has(placed.get(r.node)),
    );
  }

  #resultsOf(launch: Launch): Set<number> {
    const absorbed = launch.absorbed.map((a) => a.node);
    return new Set([...launch.outputs, ...launch.results.values(), ...absorbed]);
  }

  /** Values at hand in the launch's epilogue: its main result, and what was fused after it. */
  #inRegisters(launch: Launch, node: number): boolean {
    return launch.outputs.includes(node) || mainResult(launch) === node;
  }

  /** Unrelated values share an element-wise launch only when they read something in common. */
  #shares(reads: readonly Read[], launch: Launch): boolean {
    if (launch.kind !== "pointwise") return false;
    const inputs = this.#graph.bindings(this.#readsOf(launch));
    return reads.some((r) => inputs.has(this.#graph.bindingOf(r.node)));
  }

  #domain(launch: Launch): readonly number[] {
    const node = launch.kind === "pointwise" ? launch.outputs[0] : mainResult(launch);
    return node === undefined ? [0] : this.#graph.nodes[node].shape;
  }

  #bindingsWith(node: number, reads: readonly Read[], launch: Launch): number {
    const results = this.#resultsOf(launch).add(node);
    const inputs = [...this.#readsOf(launch), ...reads].filter((r) => !results.has(r.node));
    const toCome = (this.#expected.get(launch) ?? 0) - launch.results.size;
    // A kernel may report faults: to a buffer of their own.
    const flags = launch.kind === "kernel" ? 1 : 0;
    return this.#graph.bindings(inputs).size + results.size + Math.max(0, toCome) + flags;
  }

  #readsOf(launch: Launch): Read[] {
    const graph = this.#graph;
    const reads = launch.outputs.flatMap((node) => [...graph.cone(node).reads]);
    if (launch.kind === "kernel") {
      for (const input of graph.nodes[launch.anchor].inputs) {
        reads.push({ node: this.#operand(input), path: 0 });
      }
    } else if (launch.kind === "reduction") {
      const input = graph.nodes[launch.anchor].inputs[0];
      if (graph.inMemory(input)) reads.push({ node: input, path: 0 });
      else reads.push(...graph.cone(input).reads);
    }
    return reads;
  }

  #open(kind: Launch["kind"], anchor: number, reads: readonly Read[], node = anchor): Launch {
    const after = new Set<Launch>();
    for (const read of reads) for (const l of this.#producersOf(read.node)) after.add(l);
    const launch: Launch = {
      kind,
      anchor,
      results: new Map(),
      outputs: [],
      absorbed: [],
      after,
      opener: node,
    };
    this.launches.push(launch);
    this.producer.set(node, launch);
    return launch;
  }

  /** The launches behind a stored value; a pack has one for each of its inputs. */
  #producersOf(node: number): Launch[] {
    const launch = this.producer.get(node);
    if (launch !== undefined) return [launch];
    if (this.#graph.kind(node) !== "pack") return [];
    return this.#graph.nodes[node].inputs.flatMap((i) => this.#producersOf(i));
  }

  #operand(input: number): number {
    return this.#graph.stored[input] ? input : operandBase(this.#graph, input).base;
  }

  /** A plain sum of a kernel's operand costs that kernel next to nothing. */
  #offerToKernels(node: number): void {
    const graph = this.#graph;
    const { op, attrs, inputs } = graph.nodes[node];
    if (op.forward.kind !== "reduction" || !op.forward.additive) return;
    const value = this.#operand(inputs[0]);
    if (!graph.inMemory(value) || !isLinear(operandBase(graph, inputs[0]).layout)) return;
    if (sizeOf(graph.nodes[value].shape) !== sizeOf(graph.nodes[inputs[0]].shape)) return;
    for (let k = 0; k < graph.nodes.length; k++) {
      const candidate = graph.nodes[k];
      const { forward } = candidate.op;
      if (forward.kind !== "kernel" || forward.absorbs === undefined) continue;
      const input = candidate.inputs.indexOf(inputs[0]);
      if (input < 0 || this.#dependsOn(k, node) || this.#dependsOn(node, k)) continue;
      const pack = graph.placed.get(node) ?? -1;
      if (candidate.inputs.some((i) => graph.placed.get(this.#operand(i)) === pack)) continue;
      const specs = candidate.inputs.map((i) => graph.nodes[i]);
      if (!forward.absorbs(candidate.attrs, specs, input, attrs.axes as number[])) continue;
      this.#absorbed.set(node, { kernel: k, input });
      return;
    }
  }

  #dependsOn(node: number, on: number): boolean {
    const seen = new Set<number>();
    const visit = (n: number): boolean => {
      if (n === on) return true;
      if (n < on || seen.has(n)) return false;
      seen.add(n);
      return this.#graph.nodes[n].inputs.some(visit);
    };
    return visit(node);
  }
}

/** The result that an epilogue continues: a kernel family's first output. */
export function mainResult(launch: Launch): number | undefined {
  return launch.results.get(0);
}

function reaches(from: Launch, to: Launch, seen = new Set<Launch>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  for (const before of from.after) if (reaches(before, to, seen)) return true;
  return false;
}

/** Launches in the order they were opened, each after those it needs. */
export function inOrder(launches: readonly Launch[]): Launch[] {
  const done = new Set<Launch>();
  const visit = (launch: Launch): void => {
    if (done.has(launch)) return;
    done.add(launch);
    for (const before of launch.after) visit(before);
    ordered.push(launch);
  };
  const ordered: Launch[] = [];
  launches.forEach(visit);
  return ordered;
}

/** Adds "before runs ahead of after" unless that would be a circle. */
export function addOrder(before: Launch, after: Launch): boolean {
  if (before === after) return false;
  if (reaches(before, after)) return false;
  after.after.add(before);
  return true;
}
