import { isFloat } from "../core/dtype.ts";
import { DeviceError, DTypeError, ShapeError } from "../core/errors.ts";
import { Node, type Owner, type Storage } from "../core/node.ts";
import { sameShape, show } from "../core/shape.ts";
import { Flat } from "./flat.ts";
import { NO_ATTRS, SOURCE } from "./op.ts";
import { type Capture, recorder, refuseTracing } from "./recorder.ts";
import { Tensor } from "./tensor.ts";

export interface VariableOptions {
  readonly name?: string;
  readonly requiresGrad?: boolean;
  /** Updates write over the value at once, also outside `compile`: nobody reads older versions. */
  readonly inPlace?: boolean;
}

let unnamed = 0;

/**
 * The only tensor that changes. `assign` gives it another value; tensors built from it before keep
 * the value they were built from. Outside `compile` the version before stays readable too.
 */
export class Variable extends Tensor implements Owner {
  name: string;
  #requiresGrad: boolean;
  #flat: Flat;
  #index = 0;
  #leaf: Node | null = null;
  #version = -1;
  /** The capture that holds only for this `requiresGrad` already, or that sets it itself. */
  #watched: Capture | null = null;
  /** What stands for it while a function runs with other values; see `withValues`. */
  #standIn: Tensor | null = null;

  constructor(value: Tensor, options: VariableOptions = {}) {
    // The handle's own node only carries shape and dtype; see `node` below.
    super(new Node(SOURCE, [], NO_ATTRS, "", value.shape, value.dtype, value.device));
    this.name = options.name ?? `variable${unnamed++}`;
    this.#requiresGrad = options.requiresGrad ?? false;
    this.#checkTrained();
    const segment = { name: this.name, shape: value.shape };
    this.#flat = new Flat(`"${this.name}"`, value.device, [segment], {
      ...options,
      dtype: value.dtype,
    });
    this.#flat.assignPart(0, value.node);
  }

  get label(): string {
    return `variable "${this.name}"`;
  }

  /** The buffer it lies in, alone or with the other parameters of its optimizer. */
  get flat(): Flat {
    return this.#flat;
  }

  /** Which segment of `flat` it is. */
  get index(): number {
    return this.#index;
  }

  /** The leaf of the present version: ops recorded now keep meaning this value. */
  override get node(): Node {
    if (this.#standIn !== null) return this.#standIn.node;
    const { capture } = recorder;
    if (capture !== this.#watched) {
      capture?.guard(() => this.#requiresGrad);
      this.#watched = capture;
    }
    if (this.#leaf === null || this.#version !== this.#flat.version) {
      this.#leaf = this.#flat.leaf(this.#index);
      this.#leaf.owner = this;
      this.#leaf.tracking = this.#requiresGrad ? "tracked" : "none";
      this.#version = this.#flat.version;
    }
    return this.#leaf;
  }

  override get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  /** Trains (true) or freezes (false) it; graphs recorded before stay what they were. */
  override set requiresGrad(requires: boolean) {
    this.#requiresGrad = requires;
    this.#checkTrained();
    this.#leaf = null;
    this.#watched = recorder.capture;
  }

  /**
   * Gives the variable another value. @throws ShapeError, DTypeError or DeviceError when the
   * value does not fit; nothing is changed then.
   */
  assign(value: Tensor): void {
    refuseTracing(`${this.label} is assigned`);
    this.#check(value);
    this.#flat.assignPart(this.#index, value.node);
  }

  /** Runs a function in which these variables have other values, of the same shape and dtype. */
  static withValues<T>(values: Iterable<readonly [Variable, Tensor]>, run: () => T): T {
    const before: [Variable, Tensor | null][] = [];
    try {
      for (const [variable, value] of values) {
        variable.#check(value);
        before.push([variable, variable.#standIn]);
        variable.#standIn = value;
      }
      return run();
    } finally {
      for (const [variable, value] of before.reverse()) variable.#standIn = value;
    }
  }

  /** Becomes segment `index` of a group, whose pending value holds this variable's. */
  moveInto(flat: Flat, index: number): void {
    // What was to be stored in the old place is stored in the new one instead.
    this.#flat.abandon();
    this.#flat = flat;
    this.#index = index;
    this.#leaf = null;
  }

  storage(): Storage {
    return this.#flat.partStorage(this.#index);
  }

  /** Frees its memory, unless it shares it with the other parameters of an optimizer. */
  override dispose(): void {
    if (this.#flat.segments.length === 1) this.#flat.free();
    super.dispose();
  }

  /** Counts and flags can be kept, but have no gradients. */
  #checkTrained(): void {
    if (!this.#requiresGrad || isFloat(this.dtype)) return;
    this.#requiresGrad = false;
    throw new DTypeError(
      `Variable: only floats have gradients; got ${this.dtype} ${show(this.shape)}. ` +
        'Cast it first: x.cast("float32"), or leave out requiresGrad.',
    );
  }

  #check(value: Tensor): void {
    const say = `assign: the value does not fit ${this.label}`;
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `${say}; got ${show(value.shape)}, the variable is ${show(this.shape)}. ` +
          "Reshape or expand it to the variable's shape first.",
      );
    }
    if (value.dtype !== this.dtype) {
      throw new DTypeError(
        `${say}; got ${value.dtype}, the variable is ${this.dtype}. Cast it: x.cast("${this.dtype}").`,
      );
    }
    if (value.device !== this.device) {
      throw new DeviceError(
        `${say}; got a tensor on ${value.device}, the variable is on ${this.device}. ` +
          "Move the value: tensor(await x.data(), { shape, device }).",
      );
    }
  }
}
