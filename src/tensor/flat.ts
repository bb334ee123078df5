import { bytesOf, type DType } from "../core/dtype.ts";
import type { Op } from "../core/ir.ts";
import { Node, type Owner, type Storage } from "../core/node.ts";
import { type Shape, show, sizeOf } from "../core/shape.ts";
import type { Root } from "./collect.ts";
import type { Device } from "./device.ts";
import { NO_ATTRS, SOURCE } from "./op.ts";
import { pendingOf } from "./pending.ts";
import { realize } from "./realize.ts";
import { recorder } from "./recorder.ts";
import { Slot } from "./slot.ts";

/** Bytes whose multiples segments start at, so that every one can be bound by itself. */
const SEGMENT_BYTES = 256;

export interface FlatOptions {
  readonly inPlace?: boolean;
  readonly dtype?: DType;
  /** Lies element by element like this one, whatever its dtype. */
  readonly like?: Flat;
}

/** Puts inputs at offsets of one flat value; gaps are zero. */
const PACK: Op = {
  id: -6,
  name: "pack",
  forward: { kind: "pack", offsets: (attrs) => attrs.offsets as number[] },
};

/** A part of a flat value that is pending: the elements of one segment in the segment's shape. */
const SEGMENT: Op = {
  id: -7,
  name: "segment",
  forward: {
    kind: "view",
    step: (attrs, _, to) => ({
      type: "slice",
      shape: to,
      starts: [attrs.start as number],
      steps: [1],
    }),
  },
};

/** The same elements in another shape. */
const RESHAPE: Op = {
  id: -8,
  name: "variable",
  forward: { kind: "view", step: (_, __, to) => ({ type: "reshape", shape: to }) },
};

export interface Segment {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Values that change, side by side in one buffer: a variable, or all parameters of a model. Only
 * here is device memory written twice. Outside `compile` writes go to a second buffer in turn, so
 * that the version before stays readable; inside, and with `inPlace`, they go over the first.
 */
export class Flat implements Owner {
  readonly label: string;
  readonly device: Device;
  readonly segments: readonly Segment[];
  readonly offsets: readonly number[];
  /** Elements in all, gaps included. */
  readonly size: number;
  readonly inPlace: boolean;
  readonly dtype: DType;
  /** Elements whose multiples segments start at. */
  readonly align: number;
  #now: Slot;
  #other: Slot | null = null;
  /** What the next plan stores: everything, or some segments. */
  #whole: Node | null = null;
  #parts = new Map<number, Node>();
  /** Leaves of the pending version, which take their storage when it is stored. */
  #waiting: { leaf: Node; index: number }[] = [];
  #stores: Node | null = null;
  readonly #owners: Owner[] = [];
  #wasStored = false;
  /** Counts values, pending ones too: a leaf of another version is not the present value. */
  version = 0;

  constructor(
    label: string,
    device: Device,
    segments: readonly Segment[],
    options: FlatOptions = {},
  ) {
    this.label = label;
    this.device = device;
    this.segments = segments;
    this.inPlace = options.inPlace ?? false;
    this.dtype = options.dtype ?? "float32";
    this.align = options.like?.align ?? SEGMENT_BYTES / bytesOf(this.dtype);
    let at = 0;
    this.offsets = segments.map(({ shape }) => {
      const start = at;
      at += Math.ceil(sizeOf(shape) / this.align) * this.align;
      return start;
    });
    // A flat of one segment is that segment, without a gap behind it.
    this.size = segments.length === 1 ? sizeOf(segments[0].shape) : at;
    this.#now = new Slot(device, this.size, this.dtype);
  }

  /** The present value of everything, flat: pending or stored. */
  whole(): Node {
    if (this.#parts.size > 0) return this.pack(this.segments.map((_, i) => this.leaf(i)));
    if (this.#whole !== null) return this.#whole;
    const leaf = new Node(SOURCE, [], NO_ATTRS, "", [this.size], this.dtype, this.device);
    leaf.storage = this.#now.whole();
    leaf.owner = this;
    return leaf;
  }

  /** One flat node of a value for each segment, placed where the segments lie. */
  pack(values: readonly Node[]): Node {
    if (values.length === 1) return reshaped(values[0], [this.size]);
    const attrs = { offsets: this.offsets };
    const key = `${this.offsets},${this.size}`;
    return new Node(PACK, values, attrs, key, [this.size], this.dtype, this.device);
  }

  /** The present value of one segment; gradients that reach it belong to its owner. */
  leaf(index: number): Node {
    const { shape } = this.segments[index];
    const part = this.#parts.get(index);
    if (part !== undefined) return this.#wait(reshaped(part, shape), index);
    if (this.#whole !== null) return this.#wait(this.segmentOf(this.#whole, index), index);
    const leaf = new Node(SOURCE, [], NO_ATTRS, "", shape, this.dtype, this.device);
    leaf.storage = this.storageOf(index);
    leaf.owner = this.#ownerOf(index);
    return leaf;
  }

  /** What a leaf stands for in a replay, unless a variable says that it does. */
  #ownerOf(index: number): Owner {
    const { name: label } = this.segments[index];
    this.#owners[index] ??= { label, storage: () => this.partStorage(index) };
    return this.#owners[index];
  }

  /** A segment of a flat node, in the segment's shape. */
  segmentOf(whole: Node, index: number): Node {
    const { shape } = this.segments[index];
    if (this.segments.length === 1) return reshaped(whole, shape);
    const start = this.offsets[index];
    const size = sizeOf(shape);
    const key = `${start}+${size}`;
    const part = new Node(SEGMENT, [whole], { start }, key, [size], this.dtype, this.device);
    return reshaped(part, shape);
  }

  /** Where the present value of a segment lies; it must have been stored. */
  storageOf(index: number): Storage {
    return this.#now.part(index, this.offsets[index], sizeOf(this.segments[index].shape));
  }

  /** The memory of the present version, for replays: they read and write it whatever it holds. */
  storage(): Storage {
    return this.#now.base;
  }

  /** The present value of everything as a version: it goes stale when it is written over. */
  present(): Storage {
    return this.#now.whole();
  }

  /** The memory of one segment, for replays. */
  partStorage(index: number): Storage {
    return this.#now.basePart(index, this.offsets[index], sizeOf(this.segments[index].shape));
  }

  /** Which segments the pending assignment stores: null for all. */
  get pendingParts(): readonly number[] | null {
    return this.#whole === null ? [...this.#parts.keys()] : null;
  }

  /** Drops what was assigned but not stored. */
  abandon(): void {
    this.#whole = null;
    this.#parts.clear();
    this.#waiting = [];
    pendingOf(this.device).flats.delete(this);
    this.version++;
  }

  /** The next plan stores `value` [size] over everything. */
  assignWhole(value: Node): void {
    this.#settleEarlier();
    this.#parts.clear();
    this.#waiting = [];
    this.#whole = value;
    pendingOf(this.device).flats.add(this);
    this.version++;
  }

  /** The next plan stores `value` in one segment. */
  assignPart(index: number, value: Node): void {
    if (this.#parts.has(index)) this.#settleEarlier();
    if (this.#whole !== null && recorder.capture === null) realize(this.device, []);
    if (this.#whole !== null) {
      for (const i of this.segments.keys()) this.#parts.set(i, this.leaf(i));
      this.#whole = null;
    }
    this.#parts.set(index, value);
    pendingOf(this.device).flats.add(this);
    this.version++;
  }

  get pending(): boolean {
    return this.#whole !== null || this.#parts.size > 0;
  }

  /** What the next plan stores, and where; nothing changes until `stored`. */
  roots(captured: boolean): Root[] {
    const inPlace = this.#isInPlace(captured);
    if (inPlace && this.#whole === null) {
      return [...this.#parts].map(([index, node]) => {
        const size = sizeOf(this.segments[index].shape);
        const target = this.#now.basePart(index, this.offsets[index], size);
        // The same elements in another shape: what lies in memory already is just copied.
        while (node.op === RESHAPE && node.storage === null) [node] = node.inputs;
        return { node, target, direct: true };
      });
    }
    if (!inPlace) this.#other ??= new Slot(this.device, this.size, this.dtype);
    const target = (inPlace ? this.#now : this.#other!).base;
    this.#stores = this.whole();
    return [{ node: this.#stores, target, direct: true }];
  }

  /** A plan that stores the pending values has been enqueued: they are the present version. */
  stored(captured: boolean): void {
    const stores = this.#stores;
    const parts = this.#whole === null && stores === null ? [...this.#parts] : [];
    const waiting = this.#waiting;
    this.#stores = null;
    this.#whole = null;
    this.#parts.clear();
    this.#waiting = [];
    pendingOf(this.device).flats.delete(this);
    this.advance(captured, parts.length > 0 ? parts.map(([index]) => index) : null);
    for (const [index, node] of parts) this.#keep(node, index);
    if (stores !== null) this.#keepWhole(stores);
    for (const { leaf, index } of waiting) this.#keep(leaf, index);
  }

  /** The memory has been written: older storages of it are stale (all, or of some segments). */
  advance(captured: boolean, parts: readonly number[] | null): void {
    const inPlace = this.#isInPlace(captured);
    this.#wasStored = true;
    if (!inPlace) [this.#now, this.#other] = [this.#other!, this.#now];
    this.version++;
    // In a loop of compiled steps nobody looks: nothing is allocated.
    if (!this.#now.isHeld) return;
    const reason = (part: number) => this.#stale(part, inPlace);
    if (parts === null) this.#now.retire(reason);
    else for (const index of parts) this.#now.retire(reason, index);
  }

  /** Nobody can want a version before the first. */
  #isInPlace(captured: boolean): boolean {
    return captured || this.inPlace || !this.#wasStored;
  }

  /** Nodes that were stored read from here from now on. */
  #keepWhole(node: Node): void {
    if (node.op === PACK) for (const [i, input] of node.inputs.entries()) this.#keep(input, i);
    if (node.storage === null) node.realize(this.#now.whole());
  }

  #keep(node: Node, index: number): void {
    if (node.storage === null && node.inputs.length > 0) node.realize(this.storageOf(index));
  }

  free(): void {
    const reason =
      `${this.label}: its memory was freed by dispose(); got ${show([this.size])}. ` +
      "Dispose of a variable after the last step that reads or changes it.";
    this.#now.free(reason);
    this.#other?.free(reason);
  }

  #wait(leaf: Node, index: number): Node {
    this.#waiting.push({ leaf, index });
    return leaf;
  }

  /** A second assignment outside `compile` runs the first: a plan a step, not one of all steps. */
  #settleEarlier(): void {
    if (this.pending && recorder.capture === null) realize(this.device, []);
  }

  #stale(part: number, inPlace: boolean): string {
    const what = part < 0 ? this.label : `"${this.segments[part].name}"`;
    const shape = part < 0 ? [this.size] : this.segments[part].shape;
    const by = inPlace ? "an update in place wrote over it" : "two updates have been made since";
    return (
      `${what}: this tensor holds an older value, and ${by}; got ${show(shape)}. ` +
      "Read it before the update, or keep a copy with clone()."
    );
  }
}

function reshaped(node: Node, shape: Shape): Node {
  return new Node(RESHAPE, [node], NO_ATTRS, `${shape}`, shape, node.dtype, node.device);
}
