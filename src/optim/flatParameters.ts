import { DTypeError, ValueError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { sizeOf } from "../core/shape.ts";
import { expand } from "../ops/movement/movement.ts";
import type { Device } from "../tensor/device.ts";
import { Flat } from "../tensor/flat.ts";
import { constantNode } from "../tensor/op.ts";
import { realize } from "../tensor/realize.ts";
import { recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** Parameters side by side in one buffer, and their gradients likewise in another. */
export class FlatParameters {
  readonly parameters: readonly Variable[];
  readonly values: Flat;
  readonly gradients: Flat;
  /** Some of them lie in the buffer of another optimizer by now. */
  #scattered = false;
  /** The flat gradient that belongs to these `grad` tensors, while they are what it was made of. */
  #flat: { readonly node: Node; readonly grads: readonly (Tensor | null)[] } | null = null;

  constructor(parameters: readonly Variable[], label: string) {
    this.parameters = parameters;
    const { device, dtype } = parameters[0];
    const segments = parameters.map(({ name, shape }) => ({ name, shape }));
    this.values = new Flat(`parameters of ${label}`, device, segments, { dtype });
    this.gradients = new Flat(`gradients of ${label}`, device, segments, { inPlace: true, dtype });
    parameters.forEach((p, i) => {
      this.values.assignPart(i, p.node);
      const before = taken.get(p.flat);
      if (before !== undefined) before.#scattered = true;
      p.moveInto(this.values, i);
    });
    taken.set(this.values, this);
    // The values move now, so that the first step is planned like all others.
    if (recorder.capture === null) realize(device, []);
  }

  /** The present values of all, flat. */
  now(): Tensor {
    recorder.capture?.guard(() => this.#scattered);
    if (!this.#scattered) return new Tensor(this.values.whole());
    return new Tensor(this.values.pack(this.parameters.map((p) => p.node)));
  }

  /** The next plan stores `value`, flat, in all. */
  store(value: Tensor): void {
    if (!this.#scattered) this.values.assignWhole(value.node);
    else {
      this.parameters.forEach((p, i) => {
        p.assign(new Tensor(this.values.segmentOf(value.node, i)));
      });
    }
  }

  /** Which parameters have no gradient: they are left as they are. */
  missing(): boolean[] {
    return this.parameters.map((p) => p.grad === null);
  }

  /** All gradients as one flat node, stored in the gradient buffer by the next plan. */
  flatGradient(): Node {
    const grads = this.parameters.map((p) => p.grad);
    if (this.#flat?.grads.every((g, i) => g === grads[i])) return this.#flat.node;
    const values = grads.map((g, i) => (g ?? this.#zeros(i)).node);
    const node = this.gradients.pack(values);
    this.gradients.assignWhole(node);
    this.#flat = { node, grads };
    return node;
  }

  /** Replaces every gradient by its part of a flat one (clipping). */
  replaceGradients(flat: Node): void {
    const missing = this.missing();
    const grads = this.parameters.map((p, i) => {
      if (!missing[i]) p.grad = new Tensor(this.gradients.segmentOf(flat, i));
      return p.grad;
    });
    this.#flat = { node: flat, grads };
  }

  #zeros(index: number): Tensor {
    const { device, shape, dtype } = this.parameters[index];
    return expand(new Tensor(constantNode(0, dtype, device)), shape);
  }
}

const taken = new WeakMap<Flat, FlatParameters>();

/** The flat parameters that lie together in a buffer, if these are all of them, in any order. */
export function flatOf(parameters: readonly Variable[]): FlatParameters | null {
  const flat = taken.get(parameters[0].flat);
  if (flat === undefined || flat.parameters.length !== parameters.length) return null;
  const indices = new Set(parameters.map((p) => (p.flat === flat.values ? p.index : -1)));
  return indices.size === parameters.length && !indices.has(-1) ? flat : null;
}

/** Packs parameters into windows that fit one binding; those packed before stay as they are. */
export function flatten(op: string, given: Iterable<Variable>): FlatParameters[] {
  const parameters = checkParameters(op, given);
  const all = new Set(parameters);
  const known = new Set<FlatParameters>();
  for (const { flat } of all) {
    const packed = taken.get(flat);
    if (packed?.parameters.every((p) => p.flat === flat && all.has(p))) known.add(packed);
  }
  const others = parameters.filter(({ flat }) => !known.has(taken.get(flat)!));
  return [...known, ...windows(others).map((list, i) => new FlatParameters(list, `${op} ${i}`))];
}

function windows(parameters: readonly Variable[]): Variable[][] {
  if (parameters.length === 0) return [];
  const device = parameters[0].device as Device;
  const most = device.kind === "webgpu" ? device.target.maxBufferBytes / 4 : Infinity;
  const groups: Variable[][] = [[]];
  let size = 0;
  for (const p of parameters) {
    // As wide as state in float32 is, and with room between float16 parameters.
    const own = Math.ceil(sizeOf(p.shape) / 128) * 128;
    const last = groups[groups.length - 1].at(-1);
    if (last !== undefined && (size + own > most || last.dtype !== p.dtype)) {
      groups.push([]);
      size = 0;
    }
    groups[groups.length - 1].push(p);
    size += own;
  }
  return groups;
}

export function checkParameters(op: string, given: Iterable<Variable>): Variable[] {
  const parameters = [...given];
  if (parameters.length === 0) {
    throw new ValueError(`${op}: no parameters. Pass model.parameters() of a model that has some.`);
  }
  parameters.forEach((p, i) => {
    if (!(p instanceof Variable)) {
      throw new DTypeError(
        `${op}: parameter ${i} is not a variable; got ${String(p)}. ` +
          "Pass model.parameters(), or variables made with new Variable(x, { requiresGrad: true }).",
      );
    }
    if (parameters.indexOf(p) !== i) {
      throw new ValueError(
        `${op}: parameter "${p.name}" is given twice. Pass each one once; ` +
          "model.parameters() counts shared ones once.",
      );
    }
    if (p.device !== parameters[0].device) {
      throw new ValueError(
        `${op}: parameters of two devices; got ${parameters[0].device} and ${p.device}. ` +
          "Make the whole model on one device.",
      );
    }
  });
  return parameters;
}
