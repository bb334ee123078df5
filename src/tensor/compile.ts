import { CompileError } from "../core/errors.ts";
import type { Node, Storage } from "../core/node.ts";
import { mapTree } from "../core/tree.ts";
import { Argument, Recording } from "./capture.ts";
import { Captured } from "./captured.ts";
import { type Root, storageOf } from "./collect.ts";
import type { Device } from "./device.ts";
import { defaultDevice } from "./op.ts";
import { fits, type Pattern, patternOf } from "./pattern.ts";
import { pendingOf } from "./pending.ts";
import { realize } from "./realize.ts";
import { recorder, refuseTracing } from "./recorder.ts";
import { Tensor } from "./tensor.ts";
import { firstDifference } from "./trace.ts";

type Messages = typeof import("./captureMessages.ts");

/** Captures of one function that are kept; the one used longest ago goes. */
const MOST_CAPTURES = 16;

export interface CompileOptions {
  /** Record every n-th call again and compare it with the capture. */
  readonly verify?: number;
  /**
   * Told once when a call needs a capture of its own, and once when captures begin to be dropped;
   * the default writes to the console.
   */
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
 * freeze. There is one capture per shapes, dtypes and train/eval mode; the latest 16 are kept. The
 * promise resolves when the work is enqueued; the returned tensors are fresh at each call.
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
  /** What was used last stands first. */
  readonly #captures: Captured[] = [];
  /** Which pending arguments have been passed before. */
  readonly #seen = new WeakSet<Node>();
  /** Tensors and numbers of the present call, and where the tensors' values lie. */
  readonly #inputs: (Tensor | number)[] = [];
  readonly #storages: (Storage | null)[] = [];
  readonly #told = new Set<string>();

  constructor(f: (...args: unknown[]) => unknown, options: CompileOptions) {
    this.#f = f;
    this.#options = options;
  }

  async call(args: unknown[]): Promise<unknown> {
    if (recorder.capture !== null) throw await errorOf((m) => m.nested());
    refuseTracing("a compiled function is called");
    const known = this.#find(args);
    const capture = known ?? this.#begin(args);
    const replays = capture.canReplay(this.#options.verify);
    this.#settle(capture, replays);
    const result = replays
      ? capture.replay(this.#inputs, this.#storages)
      : await this.#recorded(args, known, capture);
    // Nothing to wait for costs no turn.
    const wait = capture.device.settle();
    if (wait !== null) await wait;
    return result;
  }

  /** Records a call and runs it: a first one, or one that must be like those before. */
  async #recorded(args: unknown[], known: Captured | null, capture: Captured): Promise<unknown> {
    const recording = this.#record(args, capture.device);
    const at = known === null ? -1 : firstDifference(known.trace, recording.trace);
    if (at >= 0) {
      recording.abandon();
      throw await errorOf((m) => m.difference(capture.trace[at], recording.trace[at]));
    }
    const result = capture.run(recording);
    if (known === null) await this.#keep(capture, args);
    return result;
  }

  /** The capture for a call with these arguments, whose inputs are then in `#inputs`. */
  #find(args: unknown[]): Captured | null {
    const captures = this.#captures;
    for (let i = 0; i < captures.length; i++) {
      const capture = captures[i];
      this.#inputs.length = 0;
      if (!fits(capture.pattern, args, this.#inputs)) continue;
      if (capture.device !== deviceOf(this.#inputs) || !capture.holds()) continue;
      if (i > 0) captures.unshift(...captures.splice(i, 1));
      return capture;
    }
    return null;
  }

  #begin(args: unknown[]): Captured {
    const pattern = patternOf(args);
    this.#inputs.length = 0;
    fits(pattern, args, this.#inputs);
    return new Captured(deviceOf(this.#inputs), pattern);
  }

  #record(args: unknown[], device: Device): Recording {
    const slots: Argument[] = [];
    const traced = mapTree(args, (leaf, path) => {
      if (!(leaf instanceof Tensor) && typeof leaf !== "number") return leaf;
      const slot = new Argument(leaf, this.#storages[slots.length], path, device);
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
   * Arguments and parameters are in memory when the function is entered; finds where. A pending
   * argument (a batch gathered on the device) is computed into memory of the capture's own, so
   * that batches need no memory each; one that comes again is computed once and kept.
   */
  #settle(capture: Captured, replays: boolean): void {
    const { flats, exports } = pendingOf(capture.device);
    const [inputs, storages] = [this.#inputs, this.#storages];
    let pends = flats.size + exports.length > 0;
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i];
      storages[i] = null;
      if (value instanceof Tensor && value.node.storage === null) pends = true;
    }
    if (pends) this.#realize(capture, replays);
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i];
      if (value instanceof Tensor) storages[i] ??= storageOf(value.node);
    }
  }

  #realize(capture: Captured, replays: boolean): void {
    const own = new Map<Node, Root>();
    const kept: Node[] = [];
    for (const [i, value] of this.#inputs.entries()) {
      if (!(value instanceof Tensor) || value.node.storage !== null) continue;
      const { node } = value;
      if (node.owner !== null || this.#seen.has(node)) {
        if (node.owner === null) kept.push(node);
      } else {
        const root = own.get(node) ?? { node, target: capture.slot(i, value), direct: true };
        own.set(node, root);
        this.#storages[i] = root.target;
      }
    }
    for (const node of own.keys()) this.#seen.add(node);
    const run = () => realize(capture.device, kept, [...own.values()]);
    // Nothing of the user's runs between this and the replay: they can share a submit.
    if (replays) capture.device.joinNext(run);
    else run();
  }

  /** Keeps a new capture; tells once when there is a second kind of call, and when one is dropped. */
  async #keep(capture: Captured, args: unknown[]): Promise<void> {
    const [before] = this.#captures;
    const isNew = !this.#captures.some(({ pattern }) => fits(pattern, args, []));
    this.#captures.unshift(capture);
    if (before !== undefined && isNew) {
      await this.#tell("anotherSignature", capture.pattern, before.pattern);
    }
    if (this.#captures.length <= MOST_CAPTURES) return;
    const oldest = this.#captures.pop()!;
    oldest.free();
    await this.#tell("droppedCapture", oldest.pattern, capture.pattern);
  }

  async #tell(what: "anotherSignature" | "droppedCapture", a: Pattern, b: Pattern): Promise<void> {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    const messages = await import("./captureMessages.ts");
    (this.#options.onCapture ?? console.info)(messages[what](a, b));
  }
}

function deviceOf(inputs: readonly (Tensor | number)[]): Device {
  for (const input of inputs) if (input instanceof Tensor) return input.device;
  return defaultDevice("compile") as Device;
}

async function errorOf(message: (messages: Messages) => string): Promise<CompileError> {
  return new CompileError(message(await import("./captureMessages.ts")));
}

function asyncError(): CompileError {
  return new CompileError(
    "compile: the function is async; it has to record its graph in one go. " +
      "Leave out `async` and `await` (opt.step() only records inside), and await outside.",
  );
}
