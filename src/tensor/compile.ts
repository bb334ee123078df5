import { CompileError, DTypeError } from "../core/errors.ts";
import type { Executable, Program, Storage } from "../core/ir.ts";
import { Node } from "../core/node.ts";
import { show, sizeOf } from "../core/shape.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { Argument, Recording } from "./capture.ts";
import { placesOf, storageOf, toProgram, withPlaces } from "./collect.ts";
import type { Device } from "./device.ts";
import { describeDifference } from "./difference.ts";
import { defaultDevice, NO_ATTRS, SOURCE } from "./op.ts";
import { pendingOf } from "./pending.ts";
import { executableFor, realize } from "./realize.ts";
import { recorder } from "./recorder.ts";
import { Tensor } from "./tensor.ts";

export interface CompileOptions {
  /** Record every n-th call again and compare it with the capture. */
  readonly verify?: number;
  /** Told once when a call needs a capture of its own; the default writes to the console. */
  readonly onCapture?: (message: string) => void;
}

/** Inside the function a number argument is a scalar tensor: its value is not frozen. */
export type Traced<A> = A extends number
  ? Tensor
  : A extends Tensor
    ? A
    : A extends object
      ? { [K in keyof A]: Traced<A[K]> }
      : A;

/**
 * A function that records its graph at the first two calls, compares them, and from the third
 * call on replays forward, backward, clipping and optimizer as one submit.
 *
 * Arguments are tensors, numbers and trees of them; numbers are uniforms. Numbers closed over
 * freeze. There is one capture per shapes, dtypes and train/eval mode. The promise resolves when
 * the work is enqueued; the returned tensors are fresh at each call.
 * @throws CompileError when two calls record different graphs, or something is read inside.
 */
export function compile<A extends unknown[], R>(
  f: (...args: { [K in keyof A]: Traced<A[K]> }) => R,
  options: CompileOptions = {},
): (...args: A) => Promise<R> {
  const compiled = new Compiled(f as (...args: unknown[]) => unknown, options);
  return (...args) => compiled.call(args) as Promise<R>;
}

class Compiled {
  readonly #f: (...args: unknown[]) => unknown;
  readonly #options: CompileOptions;
  readonly #captures = new Map<string, Captured[]>();
  #told = false;

  constructor(f: (...args: unknown[]) => unknown, options: CompileOptions) {
    this.#f = f;
    this.#options = options;
  }

  async call(args: unknown[]): Promise<unknown> {
    if (recorder.capture !== null) {
      throw new CompileError(
        "compile: a compiled function was called inside another. Call the plain function there.",
      );
    }
    const leaves = leavesOf(args);
    const device = deviceOf(leaves.map((l) => l.leaf));
    const signature = leaves.map(({ leaf, path }) => signatureOf(leaf, path)).join(";");
    this.#settlePending(device, leaves);
    let entries = this.#captures.get(signature);
    if (entries === undefined) {
      this.#tell(signature);
      entries = [];
      this.#captures.set(signature, entries);
    }
    const entry = entries.find((e) => e.holds());
    const result =
      entry === undefined
        ? this.#capture(entries, args, device)
        : entry.calls < 2 || entry.isDue(this.#options.verify)
          ? entry.again(this.#record(args, device))
          : entry.replay(leaves.map((l) => l.leaf).filter(isInput));
    await device.settle();
    return result;
  }

  #capture(entries: Captured[], args: unknown[], device: Device): unknown {
    const entry = new Captured(device);
    const result = entry.first(this.#record(args, device));
    entries.push(entry);
    return result;
  }

  #record(args: unknown[], device: Device): Recording {
    const slots: Argument[] = [];
    const traced = mapTree(args, (leaf, path) => {
      if (!isInput(leaf)) return leaf;
      const slot = new Argument(leaf, path, device);
      slot.node.owner = slot;
      slots.push(slot);
      return new Tensor(slot.node);
    }) as unknown[];
    const recording = new Recording(device, slots);
    recording.record(() => {
      const out = this.#f(...traced);
      if (out instanceof Promise) throw asyncError();
      return out;
    });
    return recording;
  }

  /** Arguments and parameters must be in memory before the function is entered. */
  #settlePending(device: Device, leaves: readonly { leaf: unknown }[]): void {
    const nodes = leaves.flatMap(({ leaf }) => (leaf instanceof Tensor ? [leaf.node] : []));
    const waiting = nodes.filter((n) => n.storage === null);
    const { flats, exports } = pendingOf(device);
    if (waiting.length > 0 || flats.size > 0 || exports.length > 0) realize(device, waiting);
    for (const node of nodes) storageOf(node);
  }

  #tell(signature: string): void {
    if (this.#captures.size === 0 || this.#told) return;
    this.#told = true;
    const seen = [...this.#captures.keys()].at(-1);
    const message =
      `compile: the arguments have another signature, ${signature} after ${seen}: ` +
      "captured anew (said once).";
    (this.#options.onCapture ?? console.info)(message);
  }
}

const isInput = (leaf: unknown): leaf is Tensor | number =>
  leaf instanceof Tensor || typeof leaf === "number";

function signatureOf(leaf: unknown, path: string): string {
  if (leaf instanceof Tensor) {
    const ranged = leaf.node.range === null ? "" : " in range";
    return `${path} ${leaf.dtype}${show(leaf.shape)}${ranged}`;
  }
  if (typeof leaf === "number") return `${path} number`;
  if (leaf === null || ["string", "boolean", "undefined"].includes(typeof leaf)) {
    return `${path} ${JSON.stringify(leaf)}`;
  }
  throw new DTypeError(
    `compile: argument ${path} is neither a tensor nor a number; got ${typeof leaf}. ` +
      "Pass tensors, numbers, and arrays or plain objects of them; close over everything else.",
  );
}

function deviceOf(leaves: readonly unknown[]): Device {
  const tensor = leaves.find((leaf) => leaf instanceof Tensor);
  return tensor === undefined ? (defaultDevice("compile") as Device) : tensor.device;
}

function asyncError(): CompileError {
  return new CompileError(
    "compile: the function is async; it has to record its graph in one go. " +
      "Leave out `async` and `await` (opt.step() only records inside), and await outside.",
  );
}

/** A capture and how to run it again. */
class Captured {
  readonly #device: Device;
  readonly #executables = new Map<string, Executable>();
  #recording: Recording | null = null;
  /** The graph's structure, taken before running gives its nodes storages. */
  #program: Program | null = null;
  #sources: (() => Storage)[] = [];
  #leaves = new Map<Node, () => Storage>();
  calls = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Its guards (training mode, which gradients exist) answer as they did at the capture. */
  holds(): boolean {
    return this.#recording!.guards.every((g) => g.read() === g.value);
  }

  isDue(verify: number | undefined): boolean {
    return verify !== undefined && verify > 0 && this.calls % verify === 0;
  }

  first(recording: Recording): unknown {
    this.#adopt(recording);
    return this.#runRecorded(recording);
  }

  /** A later call, recorded again: it must be the same graph. */
  again(recording: Recording): unknown {
    const difference = describeDifference(this.#recording!.trace, recording.trace);
    if (difference !== null) {
      recording.abandon();
      throw new CompileError(difference);
    }
    this.#adopt(recording);
    return this.#runRecorded(recording);
  }

  /** Runs the plan with this call's arguments, numbers and random counters. */
  replay(args: readonly (Tensor | number)[]): unknown {
    const recording = this.#recording!;
    recording.arguments.forEach((slot, i) => {
      slot.set(args[i]);
    });
    for (const effect of recording.effects) effect();
    const targets = recording.roots.map((root) => ({ ...root }));
    let at = 0;
    for (const { flat, parts } of recording.flats) {
      if (parts === null) targets[at++].target = flat.storage();
      else for (const index of parts) targets[at++].target = flat.partStorage(index);
    }
    const fresh = new Map<Node, Storage>();
    for (const node of recording.exports) {
      const storage = this.#device.allocate(sizeOf(node.shape), node.dtype, "result");
      targets[at++].target = storage;
      fresh.set(node, storage);
    }
    this.#run(
      recording,
      targets.map((t) => t.target),
    );
    for (const { flat, parts } of recording.flats) flat.advance(true, parts);
    this.#giveGradients(recording, fresh);
    this.calls++;
    return recording.result((node) => this.#output(node, fresh));
  }

  #adopt(recording: Recording): void {
    this.#recording = recording;
    this.#program = toProgram(recording.graph!, recording.roots);
    this.#sources = recording.graph!.sources.map((node) => {
      const { owner } = node;
      return owner === null ? () => storageOf(node) : () => owner.storage();
    });
    this.#leaves = new Map();
    let at = 0;
    for (const { flat, parts } of recording.flats) {
      if (parts !== null) {
        at += parts.length;
        continue;
      }
      const { node } = recording.roots[at++];
      this.#leaves.set(node, () => flat.present());
      if (node.op.forward.kind === "pack") {
        for (const [i, input] of node.inputs.entries()) {
          this.#leaves.set(input, () => flat.storageOf(i));
        }
      }
    }
  }

  /** The calls that record run their own graph: their nodes get storages as outside `compile`. */
  #runRecorded(recording: Recording): unknown {
    this.#run(
      recording,
      recording.roots.map((r) => r.target),
    );
    for (const { flat } of recording.flats) flat.stored(true);
    const exports = recording.roots.slice(recording.roots.length - recording.exports.length);
    const fresh = new Map<Node, Storage>();
    for (const { node, target } of exports) {
      node.realize(target);
      fresh.set(node, target);
    }
    this.#giveGradients(recording, fresh);
    this.calls++;
    return recording.result((node) => this.#output(node, fresh));
  }

  #run(recording: Recording, targets: readonly Storage[]): void {
    const sources = this.#sources.map((source) => source());
    const roots = recording.roots.map((r, i) => ({ ...r, target: targets[i] }));
    const places = placesOf(sources, roots);
    let executable = this.#executables.get(places);
    if (executable === undefined) {
      const key = `${recording.graph!.key}@${places}`;
      executable = executableFor(this.#device, key, () =>
        withPlaces(this.#program!, sources, roots),
      );
      this.#executables.set(places, executable);
    }
    const scalars = recording.graph!.scalars.map((n) => n.value);
    executable.run({ sources, scalars, targets });
  }

  /** Gradients are made from what the run left in memory, when somebody looks. */
  #giveGradients(recording: Recording, fresh: ReadonlyMap<Node, Storage>): void {
    for (const [owner, grad] of recording.gradients) {
      owner.setOwnGrad(grad && (() => new Tensor(this.#instance(grad.node, fresh))));
    }
  }

  /** The recorded expression over the memory of the latest run. */
  #instance(node: Node, fresh: ReadonlyMap<Node, Storage>): Node {
    const storage = this.#leaves.get(node)?.() ?? fresh.get(node);
    if (storage !== undefined) return computed(node, storage);
    if (node.storage !== null || node.inputs.length === 0) return node;
    const inputs = node.inputs.map((input) => this.#instance(input, fresh));
    const { op, attrs, key, shape, dtype, device } = node;
    return new Node(op, inputs, attrs, key, shape, dtype, device);
  }

  #output(node: Node, fresh: ReadonlyMap<Node, Storage>): Tensor {
    const storage = fresh.get(node);
    if (storage !== undefined) return new Tensor(computed(node, storage));
    const { owner } = node;
    return owner instanceof Tensor
      ? owner
      : owner instanceof Argument
        ? (owner.value as Tensor)
        : new Tensor(node);
  }
}

function computed(node: Node, storage: Storage): Node {
  const leaf = new Node(SOURCE, [], NO_ATTRS, "", node.shape, node.dtype, node.device);
  leaf.storage = storage;
  leaf.range = node.range;
  return leaf;
}
