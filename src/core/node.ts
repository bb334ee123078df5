import type { DType } from "./dtype.ts";
import type { Attrs, Op } from "./ir.ts";
import type { Shape } from "./shape.ts";

/** What a device is to the graph: something that nodes belong to. */
export interface DeviceHandle {
  readonly kind: "webgpu" | "cpu";
  toString(): string;
}

/** Bytes on a device. A node that has been computed holds one. */
export abstract class Storage {
  /** Why it can no longer be read, or null while it can. */
  stale: string | null = null;
  /** The object whose identity decides what one binding can cover. */
  abstract readonly home: object;
  /** Byte offset in `home`. */
  abstract readonly offset: number;

  /** Nothing but this value, or what it is a part of, lies in `home`: nor will it elsewhere. */
  get isAlone(): boolean {
    return false;
  }
}

/** What a leaf stands for: its storage changes from run to run. */
export interface Owner {
  /** For messages: `parameter "weight"`. */
  readonly label: string;
  /** It stands for another thing at each call, known by its label: an argument. */
  readonly perCall?: boolean;
  /** Where its value lies now. */
  storage(): Storage;
  /** Called with the leaf's gradient; see `Tensor.registerHook`. */
  hooks?: Set<Hook>;
}

/** Sees a gradient (a tensor) on its way, and may give another in its place. */
export type Hook = (gradient: never) => unknown;

/** A derivative of the node's own, in place of its op's; see autodiff/rule.ts. */
export interface NodeRule {
  /** What gradients flow to instead of `inputs`. */
  readonly inputs: readonly Node[];
}

/** "released": an earlier `backward()` dropped the record behind this node. */
export type Tracking = "none" | "tracked" | "released";

let serials = 0;
/** Nodes recorded from now on have this number or a larger one. */
export const nextSerial = (): number => serials;
/** Counts realizations; a pending chain that spans many of them is realized by itself. */
let epoch = 0;

export const currentEpoch = (): number => epoch;
export const nextEpoch = (): void => {
  epoch++;
};

const NO_INPUTS: readonly Node[] = [];

/** One recorded op. Immutable but for what running it adds (`storage`) and drops (`inputs`). */
export class Node {
  /** Order of recording: an input always has a smaller one. */
  readonly serial = serials++;
  readonly op: Op;
  readonly attrs: Attrs;
  /** `attrs` as text, for the plan's key. */
  readonly key: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device: DeviceHandle;
  inputs: readonly Node[];
  tracking: Tracking = "none";
  /** Where its value lies once it has been computed. */
  storage: Storage | null = null;
  /** The number of a `scalar` leaf; live ones change between replays. */
  value = 0;
  /** Smallest and largest integer it can hold, where known from host data. */
  range: readonly [number, number] | null = null;
  /** The oldest epoch, and the longest path, of what is pending below it. */
  since = epoch;
  depth = 1;
  /** The variable or argument whose current value this leaf is. */
  owner: Owner | null = null;
  rule: NodeRule | null = null;
  /** The recomputation that it belongs to; see autodiff/checkpoint.ts. */
  pass: object | null = null;
  hooks: Set<Hook> | null = null;
  /** The user's source line, when lines are being captured. */
  line: string | null = null;
  /** Scratch of one traversal: `visit` tells whose. */
  visit = 0;
  index = 0;

  constructor(
    op: Op,
    inputs: readonly Node[],
    attrs: Attrs,
    key: string,
    shape: Shape,
    dtype: DType,
    device: DeviceHandle,
  ) {
    this.op = op;
    this.inputs = inputs.length === 0 ? NO_INPUTS : inputs;
    this.attrs = attrs;
    this.key = key;
    this.shape = shape;
    this.dtype = dtype;
    this.device = device;
    for (const input of inputs) {
      if (input.tracking !== "none" && this.tracking !== "tracked") this.tracking = input.tracking;
      if (input.storage !== null || input.inputs.length === 0) continue;
      if (input.depth >= this.depth) this.depth = input.depth + 1;
      if (input.since < this.since) this.since = input.since;
    }
  }

  /** What gradients flow to. */
  get parents(): readonly Node[] {
    return this.rule === null ? this.inputs : this.rule.inputs;
  }

  /** It is computed: later plans start here, and what led here is kept for gradients only. */
  realize(storage: Storage): void {
    this.storage = storage;
    const { parents } = this;
    if (this.tracking === "tracked" && parents.every((i) => i.tracking !== "tracked")) {
      if (parents.some((i) => i.tracking === "released")) this.tracking = "released";
    }
    // A leaf needs no past; nor does what gradients do not flow through.
    if (this.tracking !== "tracked" || this.owner !== null) {
      this.inputs = NO_INPUTS;
      this.rule = null;
    } else if (this.rule !== null) this.inputs = NO_INPUTS;
  }
}
