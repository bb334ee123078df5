import { IndexError } from "../core/errors.ts";
import { Node, type Owner, type Storage } from "../core/node.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { type Collected, collect, type Root } from "./collect.ts";
import type { Device } from "./device.ts";
import type { Flat } from "./flat.ts";
import { NO_ATTRS, SCALAR, SOURCE } from "./op.ts";
import { type Pending, withPending } from "./pending.ts";
import { exportRoot, realize } from "./realize.ts";
import { type Capture, withRecorder } from "./recorder.ts";
import { Tensor } from "./tensor.ts";
import { type Trace, traceOf } from "./trace.ts";

/** An argument of a compiled function: inside, a leaf that stands for whatever is passed. */
export class Argument implements Owner {
  readonly label: string;
  readonly perCall = true;
  readonly node: Node;
  /** For numbers the value, for tensors the handle of this call. */
  value: Tensor | number;
  #storage: Storage | null = null;
  #within: { size: number; what: string } | null = null;

  constructor(value: Tensor | number, storage: Storage | null, path: string, device: Device) {
    this.label = `argument ${path}`;
    this.value = value;
    this.node =
      typeof value === "number"
        ? new Node(SCALAR, [], NO_ATTRS, "", [], "float32", device)
        : new Node(SOURCE, [], NO_ATTRS, "", value.shape, value.dtype, value.device);
    this.set(value, storage);
    this.node.range = typeof value === "number" ? null : value.node.range && [...value.node.range];
  }

  /**
   * Takes the value of another call: a number, or a tensor and the memory its value lies in.
   * @throws IndexError when it leaves the range that was checked
   */
  set(value: Tensor | number, storage: Storage | null): void {
    this.value = value;
    this.#storage = storage;
    if (typeof value === "number") {
      this.node.value = value;
      return;
    }
    const { range } = value.node;
    if (
      this.#within !== null &&
      range !== null &&
      (range[0] < 0 || range[1] >= this.#within.size)
    ) {
      const { size, what } = this.#within;
      throw new IndexError(
        `${what} outside 0..${size - 1}; got values from ${range[0]} to ${range[1]} in ` +
          `${this.label} of a compiled function. Keep each one at least 0 and below ${size}.`,
      );
    }
    this.node.storage = storage;
  }

  keepWithin(size: number, what: string): void {
    if (this.#within === null || size < this.#within.size) this.#within = { size, what };
  }

  storage(): Storage {
    return this.#storage as Storage;
  }
}

/** A gradient that was there when a compiled function was entered, read anew at every replay. */
class EntryGradient implements Owner {
  readonly label: string;
  readonly perCall = true;
  readonly #leaf: Tensor;
  readonly node: Node;

  constructor(leaf: Tensor, grad: Tensor) {
    this.#leaf = leaf;
    this.label = "a gradient from before the compiled function";
    this.node = new Node(SOURCE, [], NO_ATTRS, "", grad.shape, grad.dtype, grad.device);
    this.node.storage = realized(grad);
  }

  storage(): Storage {
    return realized(this.#leaf.ownGrad() as Tensor);
  }
}

function realized(t: Tensor): Storage {
  if (t.node.storage === null) {
    const fresh: Pending = { flats: new Set(), exports: [] };
    withRecorder({ capture: null }, () =>
      withPending(t.device, fresh, () => realize(t.device, [t.node])),
    );
  }
  return t.node.storage as Storage;
}

export interface Guard {
  readonly read: () => unknown;
  readonly value: unknown;
}

/** One recording of a compiled function: what it read, changed and returned. */
export class Recording implements Capture {
  readonly device: Device;
  readonly arguments: readonly Argument[];
  readonly effects: (() => void)[] = [];
  readonly #undo: (() => void)[] = [];
  readonly guards: Guard[] = [];
  /** Scalars that each call sets: arguments and effects. */
  readonly live = new Set<Node>();
  /** Gradients as the function left them. */
  readonly gradients = new Map<Tensor, Tensor | null>();
  readonly pending: Pending = { flats: new Set(), exports: [] };
  outputs: unknown = null;
  flats: readonly { readonly flat: Flat; readonly parts: readonly number[] | null }[] = [];
  /** Values that each run stores in fresh memory. */
  exports: readonly Node[] = [];
  roots: readonly Root[] = [];
  graph: Collected | null = null;
  trace: readonly Trace[] = [];

  constructor(device: Device, args: readonly Argument[]) {
    this.device = device;
    this.arguments = args;
    for (const { node } of args) if (node.op === SCALAR) this.live.add(node);
  }

  /** Runs the function, only recording. On an error nothing that it assigned stays. */
  record(run: () => unknown): void {
    try {
      withRecorder({ capture: this, lines: true }, () =>
        withPending(this.device, this.pending, () => {
          this.outputs = run();
          this.#close();
        }),
      );
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** It will not run: what it assigned and counted is taken back. */
  abandon(): void {
    for (const flat of this.pending.flats) flat.abandon();
    for (const undo of this.#undo.reverse()) undo();
  }

  effect(run: () => void, scalars: readonly Node[], undo: () => void): void {
    run();
    this.effects.push(run);
    this.#undo.push(undo);
    for (const node of scalars) this.live.add(node);
  }

  guard(read: () => unknown): void {
    this.guards.push({ read, value: read() });
  }

  keepWithin(range: readonly [number, number], size: number, what: string): void {
    this.arguments.find((a) => a.node.range === range)?.keepWithin(size, what);
  }

  gradOf(owner: Tensor): Tensor | null {
    const known = this.gradients.get(owner);
    if (known !== undefined) return known;
    this.guard(() => owner.hasGrad);
    const before = owner.ownGrad();
    if (before === null) return null;
    const entry = new EntryGradient(owner, before);
    entry.node.owner = entry;
    const inside = new Tensor(entry.node);
    this.gradients.set(owner, inside);
    return inside;
  }

  setGrad(owner: Tensor, grad: Tensor | null): void {
    this.gradients.set(owner, grad);
  }

  /** Finds what the recorded graph has to store. */
  #close(): void {
    const { flats } = this.pending;
    this.flats = [...flats].map((flat) => ({ flat, parts: flat.pendingParts }));
    const stored = [...flats].flatMap((flat) => flat.roots(true));
    const wanted = new Set<Node>(this.pending.exports);
    for (const { leaf } of leavesOf(this.outputs)) {
      if (leaf instanceof Tensor && leaf.node.op !== SCALAR) wanted.add(leaf.node);
    }
    const inFlats = new Set(stored.flatMap(({ node }) => [node, ...node.inputs]));
    for (const grad of this.gradients.values()) {
      if (grad !== null) for (const node of recipe(grad.node, inFlats)) wanted.add(node);
    }
    this.exports = [...wanted].filter((node) => node.storage === null);
    this.roots = [...stored, ...this.exports.map((node) => exportRoot(this.device, node))];
    this.graph = collect(this.roots);
    this.trace = traceOf(this.graph.order, this.live);
  }

  /** The function's result with other tensors in the places of the recorded ones. */
  result(tensorOf: (node: Node) => Tensor): unknown {
    return mapTree(this.outputs, (leaf) => (leaf instanceof Tensor ? tensorOf(leaf.node) : leaf));
  }
}

/** Gradients are kept as the little that is needed to compute them when somebody looks. */
const SMALL = 1024;

/**
 * What must be stored so that a gradient can be computed later: nothing where it lies in a flat
 * buffer already, small factors (a clipping coefficient's norm) where it is a function of those.
 */
function recipe(grad: Node, stored: ReadonlySet<Node>): Node[] {
  const needed: Node[] = [];
  const visit = (node: Node): boolean => {
    if (stored.has(node)) return true;
    const { kind } = node.op.forward;
    if (kind === "constant" || kind === "scalar") return true;
    if (node.storage !== null || kind === "source" || kind === "iota") return false;
    if (kind === "pointwise" || kind === "view") return node.inputs.every(visit);
    const size = node.shape.reduce((n, d) => n * d, 1);
    if (size <= SMALL) needed.push(node);
    return size <= SMALL;
  };
  return visit(grad) ? needed : [grad];
}
