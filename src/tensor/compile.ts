import { CompileError, DTypeError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { Argument, Recording } from "./capture.ts";
import { Captured } from "./captured.ts";
import { storageOf } from "./collect.ts";
import type { Device } from "./device.ts";
import { defaultDevice } from "./op.ts";
import { pendingOf } from "./pending.ts";
import { realize } from "./realize.ts";
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
