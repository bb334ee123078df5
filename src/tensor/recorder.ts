import type { Node } from "../core/node.ts";
import type { Device } from "./device.ts";
import type { Tensor } from "./tensor.ts";

/** A graph that `compile` is recording; see compile.ts. */
export interface Capture {
  /**
   * Runs now, and again at every replay, to set the numbers of these scalar nodes; `undo` takes
   * the first run back when recording fails.
   */
  effect(run: () => void, scalars: readonly Node[], undo: () => void): void;
  /** The capture holds only while this keeps giving the same answer. */
  guard(read: () => unknown): void;
  /** The integers of an argument were found to lie within 0 to size - 1: so must later ones. */
  keepWithin(range: readonly [number, number], size: number, what: string): void;
  /** The gradient of a leaf as the compiled function sees it. */
  gradOf(owner: Tensor): Tensor | null;
  setGrad(owner: Tensor, grad: Tensor | null): void;
}

/** A transform (`vmap`) whose function is being traced: its tensors have no values yet. */
export interface Tracing {
  readonly name: string;
  /** What to throw where one is needed: `what` says by whom. */
  refusal(what: string): Error;
}

/** What recording an op depends on besides its arguments. One graph is recorded at a time. */
export const recorder = {
  device: null as Device | null,
  gradEnabled: true,
  /** Numbers in derivative rules are part of the graph's structure, a user's are uniforms. */
  numbersAreConstants: false,
  /** Source lines cost a stack trace each: `tape`, `compile`'s first calls and debugging. */
  lines: false,
  capture: null as Capture | null,
  /** The recomputation that nodes belong to while `checkpoint` records one. */
  pass: null as object | null,
  tracing: null as Tracing | null,
  /** Called with a node whose pending chain has grown too long. */
  onLongChain: null as ((node: Node) => void) | null,
  /** Called with each recorded node while `tape` listens. */
  onRecord: null as ((node: Node) => void) | null,
};

/** Sets fields of the recorder for the duration of `run`. */
export function withRecorder<T>(settings: Partial<typeof recorder>, run: () => T): T {
  const before = { ...recorder };
  Object.assign(recorder, settings);
  try {
    return run();
  } finally {
    for (const key of Object.keys(settings)) {
      Object.assign(recorder, { [key]: before[key as keyof typeof before] });
    }
  }
}

/** @throws GradError inside a function that a transform traces, where nothing has a value. */
export function refuseTracing(what: string): void {
  const { tracing } = recorder;
  if (tracing !== null) throw tracing.refusal(what);
}

/** Ops inside `run` are not recorded for differentiation. */
export function noGrad<T>(run: () => T): T {
  return withRecorder({ gradEnabled: false }, run);
}

// Frames of tapegrad itself: the user's line is the first one outside.
const OWN =
  /[/\\](?:src|kernels)[/\\](?:(?:autodiff|core|cpu|data|gpu|io|nn|ops|optim|profile|tensor)[/\\]|(?:methods|init|index)\.ts)|[/\\]dist[/\\]/;

/** `file:line:column` of the user's call, or null when the runtime gives no stack. */
export function userLine(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  for (const frame of stack.split("\n").slice(1)) {
    const place = /((?:file:\/\/|https?:\/\/|\/)[^\s()]+:\d+:\d+)/.exec(frame)?.[1];
    if (place !== undefined && !OWN.test(place)) return place.replace(/^file:\/\//, "");
  }
  return null;
}
