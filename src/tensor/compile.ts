import { CompileError, DTypeError } from "../core/errors.ts";
import type { Storage } from "../core/ir.ts";
import type { Node } from "../core/node.ts";
import { show, sizeOf } from "../core/shape.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { Argument, type Input, Recording } from "./capture.ts";
import { Captured } from "./captured.ts";
import { type Root, storageOf } from "./collect.ts";
import type { Device } from "./device.ts";
import { defaultDevice } from "./op.ts";
import { pendingOf } from "./pending.ts";
import { realize } from "./realize.ts";
import { recorder, refuseTracing } from "./recorder.ts";
import { Tensor } from "./tensor.ts";

export interface CompileOptions {
  /** Record every n-th call again and compare it with the capture. */
  readonly verify?: number;
  /** Told once when a call needs a capture of its own; the default writes to the console. */
  readonly onCapture?: (message: string) => void;
}

/**
 * What a call may pass where the function takes `T`: a number where it takes a tensor. Inside it
 * is a scalar tensor, so that its value is not frozen.
 */
export type Passed<T> = T extends Tensor
  ? Tensor extends T
    ? T | number
    : T
  : T extends object
    ? { [K in keyof T]: Passed<T[K]> }
    : T;

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
  f: (...args: A) => R,
  options: CompileOptions = {},
): (...args: { [K in keyof A]: Passed<A[K]> }) => Promise<R> {
  const compiled = new Compiled(f as (...args: unknown[]) => unknown, options);
  return (...args) => compiled.call(args) as Promise<R>;
}

class Compiled {
  readonly #f: (...args: unknown[]) => unknown;
  readonly #options: CompileOptions;
  readonly #captures = new Map<string, Captured[]>();
  /** Memory for pending arguments, and which of them have been passed before. */
  readonly #slots = new Map<string, Storage>();
  readonly #seen = new WeakSet<Node>();
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
    refuseTracing("a compiled function is called");
    const leaves = leavesOf(args);
    const device = deviceOf(leaves.map((l) => l.leaf));
    const signature = leaves.map(({ leaf, path }) => signatureOf(leaf, path)).join(";");
    const entry = this.#captures.get(signature)?.find((e) => e.holds());
    const replays = entry?.canReplay(this.#options.verify) ?? false;
    const inputs = this.#settle(device, leaves, replays);
    const result =
      entry === undefined
        ? this.#capture(signature, args, inputs, device)
        : replays
          ? entry.replay(inputs)
          : entry.again(this.#record(args, inputs, device));
    await device.settle();
    return result;
  }

  #capture(signature: string, args: unknown[], inputs: readonly Input[], device: Device): unknown {
    const entries = this.#captures.get(signature) ?? [];
    if (entries.length === 0) this.#tell(signature);
    const entry = new Captured(device);
    const result = entry.first(this.#record(args, inputs, device));
    this.#captures.set(signature, [...entries, entry]);
    return result;
  }

  #record(args: unknown[], inputs: readonly Input[], device: Device): Recording {
    const slots: Argument[] = [];
    const traced = mapTree(args, (leaf, path) => {
      if (!isInput(leaf)) return leaf;
      const slot = new Argument(inputs[slots.length], path, device);
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

  /**
   * Arguments and parameters are in memory when the function is entered. A pending argument (a
   * batch gathered on the device) is computed into memory of the compiled function's own, so that
   * batches need no memory each; one that comes again is computed once and kept.
   */
  #settle(
    device: Device,
    leaves: readonly { leaf: unknown; path: string }[],
    replays: boolean,
  ): Input[] {
    const own = new Map<Node, Root>();
    const kept: Node[] = [];
    for (const { leaf, path } of leaves) {
      if (!(leaf instanceof Tensor) || leaf.node.storage !== null) continue;
      const { node } = leaf;
      if (node.owner !== null || this.#seen.has(node)) kept.push(node);
      else own.set(node, { node, target: this.#slot(leaf, path), direct: true });
      this.#seen.add(node);
    }
    const { flats, exports } = pendingOf(device);
    if (own.size + kept.length + flats.size + exports.length > 0) {
      const asked = kept.filter(({ owner }) => owner === null);
      const run = () => realize(device, asked, [...own.values()]);
      // Nothing of the user's runs between this and the replay: they can share a submit.
      if (replays) device.joinNext(run);
      else run();
    }
    return leaves.flatMap(({ leaf: value }): Input[] => {
      if (typeof value === "number") return [{ value, storage: null }];
      if (!(value instanceof Tensor)) return [];
      return [{ value, storage: own.get(value.node)?.target ?? storageOf(value.node) }];
    });
  }

  #slot({ device, shape, dtype }: Tensor, path: string): Storage {
    const key = `${path}${dtype}[${shape}]`;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = device.allocate(sizeOf(shape), dtype, "variable");
      this.#slots.set(key, slot);
    }
    return slot;
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
