import { DeviceError } from "../core/errors.ts";
import type { Executable, Program } from "../core/ir.ts";
import { Node, type Storage } from "../core/node.ts";
import { sizeOf } from "../core/shape.ts";
import { mapTree } from "../core/tree.ts";
import { Argument, type Recording } from "./capture.ts";
import { storageOf, toProgram } from "./collect.ts";
import type { Device } from "./device.ts";
import { NO_ATTRS, SOURCE } from "./op.ts";
import type { Pattern } from "./pattern.ts";
import { liesAs, withPlaces } from "./places.ts";
import { Tensor } from "./tensor.ts";
import type { Trace } from "./trace.ts";

const MOST_PLANS = 16;

interface Plan {
  readonly program: Program;
  readonly executable: Executable;
}

/** A capture and how to run it again. What a replay needs of it is made when it is recorded. */
export class Captured {
  readonly device: Device;
  readonly pattern: Pattern;
  /** Memory for pending arguments, by number. */
  readonly #slots: Storage[] = [];
  /** For what shares memory in the same way; what was used last stands first. */
  readonly #plans: Plan[] = [];
  #recording: Recording | null = null;
  /** The graph's structure, taken before running gives its nodes storages. */
  #program: Program | null = null;
  #sources: (() => Storage)[] = [];
  /** Which sources are given anew at each call. */
  #perCall: boolean[] = [];
  #targets: (() => Storage)[] = [];
  #gradients: (readonly [Tensor, (() => Tensor) | null])[] = [];
  #leaves = new Map<Node, () => Storage>();
  /** Which target of a run holds a returned value. */
  #exports = new Map<Node, number>();
  /** The latest run: the same arrays each time. */
  readonly #run = { sources: [] as Storage[], scalars: [] as number[], targets: [] as Storage[] };
  calls = 0;

  constructor(device: Device, pattern: Pattern) {
    this.device = device;
    this.pattern = pattern;
  }

  /** Its guards (training mode, which gradients exist) answer as they did at the capture. */
  holds(): boolean {
    for (const { read, value } of this.#recording!.guards) if (read() !== value) return false;
    return true;
  }

  /** It was recorded twice, and this call is not to be recorded again. */
  canReplay(verify = 0): boolean {
    return this.calls >= 2 && (verify <= 0 || this.calls % verify !== 0);
  }

  /** The graph that was recorded last. */
  get trace(): readonly Trace[] {
    return this.#recording!.trace;
  }

  /** Memory for the value of a pending argument. */
  slot(index: number, { shape, dtype }: Tensor): Storage {
    this.#slots[index] ??= this.device.allocate(sizeOf(shape), dtype, "variable");
    return this.#slots[index];
  }

  /** Runs what a call recorded: its nodes get storages as outside `compile`. */
  run(recording: Recording): unknown {
    this.#adopt(recording);
    const { targets } = this.#run;
    for (const [i, { target }] of recording.roots.entries()) targets[i] = target;
    this.#start(recording);
    for (const { flat } of recording.flats) flat.stored(true);
    for (const [node, at] of this.#exports) node.realize(targets[at]);
    return this.#finish(recording);
  }

  /** Runs the plan with this call's arguments, numbers and random counters. */
  replay(values: readonly (Tensor | number)[], storages: readonly (Storage | null)[]): unknown {
    const recording = this.#recording!;
    const { targets } = this.#run;
    const slots = recording.arguments;
    for (let i = 0; i < slots.length; i++) slots[i].set(values[i], storages[i]);
    for (const effect of recording.effects) effect();
    for (let i = 0; i < this.#targets.length; i++) targets[i] = usable(this.#targets[i]());
    for (const [i, { shape, dtype }] of recording.exports.entries()) {
      const result = this.device.allocate(sizeOf(shape), dtype, "result");
      targets[this.#targets.length + i] = result;
    }
    this.#start(recording);
    for (const { flat, parts } of recording.flats) flat.advance(true, parts);
    return this.#finish(recording);
  }

  /** Gives back its memory; it is not run again. */
  free(): void {
    for (const { executable } of this.#plans) executable.free();
    for (const slot of this.#slots) if (slot !== undefined) this.device.free(slot);
  }

  #adopt(recording: Recording): void {
    const { sources } = recording.graph!;
    this.#recording = recording;
    this.#program = toProgram(recording.graph!, recording.roots);
    this.#sources = sources.map((node) => {
      const { owner } = node;
      return owner === null ? () => storageOf(node) : () => owner.storage();
    });
    this.#perCall = sources.map(({ owner }) => owner?.perCall ?? false);
    this.#targets = [];
    this.#leaves = new Map();
    this.#adoptFlats(recording);
    const first = this.#targets.length;
    this.#exports = new Map(recording.exports.map((node, i) => [node, first + i]));
    this.#gradients = [...recording.gradients].map(([owner, grad]) => [
      owner,
      grad && (() => new Tensor(this.#instance(grad.node))),
    ]);
  }

  #adoptFlats({ flats, roots }: Recording): void {
    for (const { flat, parts } of flats) {
      if (parts !== null) {
        for (const index of parts) this.#targets.push(() => flat.partStorage(index));
        continue;
      }
      const { node } = roots[this.#targets.push(() => flat.storage()) - 1];
      this.#leaves.set(node, () => flat.present());
      if (node.op.forward.kind !== "pack") continue;
      for (const [i, input] of node.inputs.entries()) {
        this.#leaves.set(input, () => flat.storageOf(i));
      }
    }
  }

  #start(recording: Recording): void {
    const run = this.#run;
    const { scalars } = recording.graph!;
    for (let i = 0; i < this.#sources.length; i++) run.sources[i] = usable(this.#sources[i]());
    for (let i = 0; i < scalars.length; i++) run.scalars[i] = scalars[i].value;
    this.#planFor(run.sources, run.targets).executable.run(run);
  }

  #planFor(sources: readonly Storage[], targets: readonly Storage[]): Plan {
    const plans = this.#plans;
    if (plans.length > 0 && liesAs(plans[0].program, sources, targets)) return plans[0];
    const at = plans.findIndex(({ program }) => liesAs(program, sources, targets));
    const [plan = this.#prepare(sources, targets)] = at < 0 ? [] : plans.splice(at, 1);
    plans.unshift(plan);
    // Arguments of another call may share buffers otherwise: a plan each, but not without end.
    if (plans.length > MOST_PLANS) plans.pop()!.executable.free();
    return plan;
  }

  #prepare(sources: readonly Storage[], targets: readonly Storage[]): Plan {
    // Of arguments, only those that fill a buffer lie where those of other calls do.
    const isFixed = (storage: Storage, source: number) =>
      storage.isAlone && (storage.offset === 0 || !this.#perCall[source]);
    const program = withPlaces(this.#program!, sources, targets, isFixed);
    return { program, executable: this.device.load(program) };
  }

  /** Gradients are made from what the run left in memory, when somebody looks. */
  #finish(recording: Recording): unknown {
    for (const [owner, make] of this.#gradients) owner.setOwnGrad(make);
    this.calls++;
    return mapTree(recording.outputs, this.#output);
  }

  /** The recorded expression over the memory of the latest run. */
  #instance(node: Node): Node {
    const at = this.#exports.get(node);
    const storage = this.#leaves.get(node)?.() ?? (at === undefined ? at : this.#run.targets[at]);
    if (storage !== undefined) return computed(node, storage);
    if (node.storage !== null || node.inputs.length === 0) return node;
    const inputs = node.inputs.map((input) => this.#instance(input));
    const { op, attrs, key, shape, dtype, device } = node;
    return new Node(op, inputs, attrs, key, shape, dtype, device);
  }

  /** A tensor of this call in the place of a recorded one. */
  readonly #output = (leaf: unknown): unknown => {
    if (!(leaf instanceof Tensor)) return leaf;
    const { node } = leaf;
    const at = this.#exports.get(node);
    if (at !== undefined) return new Tensor(computed(node, this.#run.targets[at]));
    const { owner } = node;
    if (owner instanceof Tensor) return owner;
    return owner instanceof Argument ? owner.value : new Tensor(node);
  };
}

/** @throws DeviceError when its bytes were freed, or hold something else by now. */
function usable(storage: Storage): Storage {
  if (storage.stale !== null) throw new DeviceError(storage.stale);
  return storage;
}

function computed(node: Node, storage: Storage): Node {
  const leaf = new Node(SOURCE, [], NO_ATTRS, "", node.shape, node.dtype, node.device);
  leaf.storage = storage;
  leaf.range = node.range;
  return leaf;
}
