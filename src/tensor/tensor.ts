import type { DType, TypedArray } from "../core/dtype.ts";
import { DeviceError, DTypeError, GradError, ShapeError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { type Shape, show, sizeOf } from "../core/shape.ts";
import type { Device } from "./device.ts";
import { readNode } from "./realize.ts";
import { recorder } from "./recorder.ts";

/** Nested arrays of numbers or booleans, as `toArray` gives them back. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** What ops take where a tensor is meant: numbers become scalars of the other operand's dtype. */
export type TensorLike = Tensor | number | boolean;

/**
 * An immutable value on a device, computed when it is asked for. Calling an op records a node;
 * `data`, `item` and `toArray` run what is pending and read the result back.
 */
export class Tensor {
  #node: Node;
  #disposed = false;
  #grad: Tensor | (() => Tensor) | null = null;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The graph node behind this handle. @throws DeviceError after `dispose()`. */
  get node(): Node {
    if (this.#disposed) throw disposedError(this);
    return this.#node;
  }

  get shape(): Shape {
    return this.#node.shape;
  }

  get dtype(): DType {
    return this.#node.dtype;
  }

  get device(): Device {
    return this.#node.device as Device;
  }

  /** Number of axes. */
  get rank(): number {
    return this.#node.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#node.shape);
  }

  get requiresGrad(): boolean {
    return this.#node.tracking === "tracked";
  }

  /**
   * d(loss)/d(this) after `backward()`, or null. Only tensors made with `requiresGrad: true` and
   * parameters have one.
   */
  get grad(): Tensor | null {
    if (recorder.capture !== null) return recorder.capture.gradOf(this);
    return this.ownGrad();
  }

  set grad(grad: Tensor | null) {
    if (recorder.capture !== null) recorder.capture.setGrad(this, grad);
    else this.#grad = grad;
  }

  /** The gradient that was there before a capture began; makes it if it is not made yet. */
  ownGrad(): Tensor | null {
    if (typeof this.#grad === "function") this.#grad = this.#grad();
    return this.#grad;
  }

  /** Sets the gradient, or a function that makes it when it is first read. */
  setOwnGrad(grad: Tensor | (() => Tensor) | null): void {
    this.#grad = grad;
  }

  /** Whether a gradient is there, without making it. */
  get hasGrad(): boolean {
    return this.#grad !== null;
  }

  /**
   * Calls `hook` with d(loss)/d(this) when a gradient of it is complete; what it returns, if
   * anything, takes the gradient's place. A hook runs while the backward pass is recorded and is
   * part of the plan: inside `compile` not again at each replay.
   * @returns a function that removes the hook
   * @throws GradError when no gradient flows through the tensor
   */
  registerHook(hook: (gradient: Tensor) => unknown): () => void {
    requireTracked("registerHook", this);
    const { node } = this;
    // A leaf's hooks stay with what it stands for: a variable has another node after each update.
    const holder = node.owner ?? node;
    holder.hooks ??= new Set();
    const { hooks } = holder;
    hooks.add(hook);
    return () => hooks.delete(hook);
  }

  /** The elements in row-major order; the promise waits for the device, never blocks it. */
  data(): Promise<TypedArray> {
    return readNode(this.node);
  }

  /** The only element as a number. @throws ShapeError when there is not exactly one. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: the tensor has ${this.size} elements; got ${show(this.shape)}. ` +
          "Reduce it first (sum, mean), or read all of it with data() or toArray().",
      );
    }
    return (await this.data())[0];
  }

  /** The elements as nested arrays; booleans for dtype bool; a number for a scalar. */
  async toArray(): Promise<NestedArray> {
    const data = await this.data();
    const isBool = this.dtype === "bool";
    const build = (axis: number, at: number, step: number): NestedArray => {
      if (axis === this.rank) return isBool ? data[at] !== 0 : data[at];
      const n = this.shape[axis];
      const inner = n === 0 ? 0 : step / n;
      return Array.from({ length: n }, (_, i) => build(axis + 1, at + i * inner, inner));
    };
    return build(0, 0, this.size);
  }

  /** `Tensor float32 [2, 3] pending mul on webgpu`: what is known without computing. */
  toString(): string {
    if (this.#disposed) return `Tensor ${this.dtype} ${show(this.shape)} disposed`;
    const { op, storage, tracking, device } = this.node;
    const state = storage ? (storage.stale ? "overwritten" : "computed") : `pending ${op.name}`;
    const grad = tracking === "tracked" ? ", requires grad" : "";
    return `Tensor ${this.dtype} ${show(this.shape)}, ${state}, on ${device.kind}${grad}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** @throws DTypeError in `x * 2` or `x + 1`, which would be NaN without a word. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new DTypeError(
      `tensor: used where a number or text is meant; got ${this.dtype} ${show(this.shape)}. ` +
        "Write x.mul(2) for x * 2, and await x.item() for the number.",
    );
  }

  /** Frees the device memory now; without it that happens when the tensor is garbage. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { storage } = this.#node;
    if (storage === null) return;
    this.device.free(storage);
    storage.stale = `${this.#node.op.name} ${show(this.shape)} was disposed`;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function disposedError(t: Tensor): DeviceError {
  return new DeviceError(
    `tensor: used after dispose(); got ${t.dtype} ${show(t.shape)}. ` +
      "Dispose of a tensor after its last use, or leave it to the garbage collector.",
  );
}

/** An earlier `backward()` dropped what the next one needs. */
export const released = (what: string, got = ""): GradError =>
  new GradError(
    `${what} was released by an earlier backward()${got}. Call that one with ` +
      "{ retainGraph: true }, or record the computation again.",
  );

/** @throws GradError unless gradients flow through the tensor. */
export function requireTracked(op: string, t: Tensor): void {
  if (t.node.tracking === "tracked") return;
  if (t.node.tracking === "released") {
    throw released(`${op}: the record of this tensor`, `; got ${show(t.shape)}`);
  }
  throw new GradError(
    `${op}: the tensor does not depend on anything that requires a gradient; got ` +
      `${show(t.shape)}. Make an input with { requiresGrad: true }, and do not record in noGrad.`,
  );
}
