import { CompileError } from "../core/errors.ts";
import type { Executable, Program, Storage } from "../core/ir.ts";
import { Node } from "../core/node.ts";
import { sizeOf } from "../core/shape.ts";
import { Argument, type Input, type Recording } from "./capture.ts";
import { placesOf, storageOf, toProgram, withPlaces } from "./collect.ts";
import type { Device } from "./device.ts";
import { describeDifference } from "./difference.ts";
import { NO_ATTRS, SOURCE } from "./op.ts";
import { prepare } from "./realize.ts";
import { Tensor } from "./tensor.ts";

const MOST_PLANS = 16;

/** A capture and how to run it again. */
export class Captured {
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

  /** It was recorded twice, and this call is not to be recorded again. */
  canReplay(verify = 0): boolean {
    return this.calls >= 2 && (verify <= 0 || this.calls % verify !== 0);
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
  replay(args: readonly Input[]): unknown {
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
      executable = prepare(this.#device, withPlaces(this.#program!, sources, roots));
      this.#executables.set(places, executable);
      this.#dropOldest();
    }
    const scalars = recording.graph!.scalars.map((n) => n.value);
    executable.run({ sources, scalars, targets });
  }

  /** Arguments of another call may share buffers otherwise: a plan each, but not without end. */
  #dropOldest(): void {
    if (this.#executables.size <= MOST_PLANS) return;
    const [oldest] = this.#executables.keys();
    this.#executables.get(oldest)?.free();
    this.#executables.delete(oldest);
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
