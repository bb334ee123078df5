import { sizeOf } from "../../src/core/shape.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Numbers that a seed decides (mulberry32, public domain). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  shuffled(n: number): number[] {
    const list = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return list;
  }
}

/** A value, and whether it is the same to the last bit on every device: then kinks are too. */
interface Value {
  readonly t: Tensor;
  readonly exact: boolean;
}

const MOST_ELEMENTS = 2048;
const SIZES = [1, 1, 2, 3, 4, 4, 5, 7, 8, 12];

/**
 * A random graph of element-wise ops, views, broadcasts, reductions, products and joins. The seed
 * alone decides, so that the same graph can be recorded on several devices. Every op keeps values
 * and slopes near 1, so that float32 is enough to tell right from wrong.
 */
export class RandomGraph {
  readonly leaves: Tensor[] = [];
  readonly outputs: Tensor[] = [];
  readonly steps: string[] = [];
  readonly #dice: Dice;
  readonly #device: Device;
  readonly #values: Value[] = [];

  constructor(seed: number, device: Device) {
    this.#dice = new Dice(seed);
    this.#device = device;
    const leaves = 1 + this.#dice.below(3);
    for (let i = 0; i < leaves; i++) this.#leaf(this.#shape());
    const steps = 4 + this.#dice.below(12);
    for (let i = 0; i < steps; i++) this.#step();
    const outputs = 1 + this.#dice.below(3);
    for (let i = 0; i < outputs; i++) this.outputs.push(this.#recent().t);
  }

  /** A scalar that depends on every element of every output. */
  loss(): Tensor {
    return this.outputs.map((out) => this.#weighted(out)).reduce((a, b) => ops.add(a, b));
  }

  #weighted(out: Tensor): Tensor {
    const weights = Float32Array.from({ length: out.size }, (_, i) => Math.sin(i + 1));
    const w = ops.tensor(weights, { shape: out.shape, device: this.#device });
    return ops.sum(ops.mul(out, w));
  }

  #leaf(shape: readonly number[]): Value {
    const values = Float32Array.from({ length: sizeOf(shape) }, () => this.#dice.next() * 4 - 2);
    const options = { shape, device: this.#device, requiresGrad: true };
    const leaf = { t: ops.tensor(values, options), exact: true };
    this.leaves.push(leaf.t);
    this.#values.push(leaf);
    return leaf;
  }

  #shape(): number[] {
    const shape: number[] = [];
    const rank = this.#dice.below(5);
    for (let d = 0; d < rank; d++) {
      const n = this.#dice.chance(0.01) ? 0 : this.#dice.pick(SIZES);
      shape.push(sizeOf(shape) * n <= MOST_ELEMENTS / 4 ? n : 1);
    }
    return shape;
  }

  /** Later values are more likely, so that graphs grow deep. */
  #recent(): Value {
    const at = Math.min(this.#dice.below(8), this.#dice.below(8));
    return this.#values[Math.max(this.#values.length - 1 - at, 0)];
  }

  #step(): void {
    const kinds = [this.#unary, this.#unary, this.#binary, this.#binary, this.#view, this.#view];
    const more = [this.#view, this.#reduce, this.#reduce, this.#matmul, this.#cat, this.#rows];
    const x = this.#recent();
    const made = this.#dice.pick([...kinds, ...more]).call(this, x);
    if (made.t.size > MOST_ELEMENTS) return;
    this.steps.push(`${this.#values.indexOf(x)} ${made.t.toString()}`);
    this.#values.push(made);
  }

  #unary({ t, exact }: Value): Value {
    const rough = [ops.relu, ops.abs, (x: Tensor) => ops.maximum(x, 0.25), ops.neg];
    if (exact && this.#dice.chance(0.5)) return { t: this.#dice.pick(rough)(t), exact };
    const smooth = [
      ops.tanh,
      ops.sigmoid,
      (x: Tensor) => ops.mul(x, -0.75),
      (x: Tensor) => ops.add(ops.mul(x, 0.5), 1),
      (x: Tensor) => ops.exp(ops.tanh(x)),
      (x: Tensor) => ops.square(ops.tanh(x)),
      (x: Tensor) => ops.gelu(ops.tanh(x)),
      (x: Tensor) => ops.div(1, ops.add(ops.square(x), 1)),
    ];
    return { t: this.#dice.pick(smooth)(t), exact: false };
  }

  #binary(x: Value): Value {
    const fits = this.#values.filter(({ t }) => broadcasts(x.t.shape, t.shape));
    const y = this.#dice.chance(0.3) ? this.#leaf(this.#partner(x.t.shape)) : this.#dice.pick(fits);
    if (x.exact && y.exact && this.#dice.chance(0.4)) {
      const larger = ops.where(ops.gt(x.t, y.t), ops.mul(x.t, 0.5), y.t);
      return { t: larger, exact: true };
    }
    const smooth = [
      ops.add,
      ops.sub,
      (a: Tensor, b: Tensor) => ops.mul(ops.tanh(a), b),
      (a: Tensor, b: Tensor) => ops.div(a, ops.add(ops.square(b), 1)),
    ];
    const t = this.#dice.pick(smooth)(x.t, y.t);
    return { t: this.#dice.chance(0.5) ? ops.mul(t, 0.5) : t, exact: false };
  }

  /** A shape that broadcasts with another: fewer axes, or ones among them. */
  #partner(shape: readonly number[]): number[] {
    const from = this.#dice.below(shape.length + 1);
    return shape.slice(from).map((n) => (this.#dice.chance(0.3) ? 1 : n));
  }

  #view({ t, exact }: Value): Value {
    const views = [this.#reshape, ops.flip, this.#permute, this.#expand, this.#slice, this.#pad];
    return { t: this.#dice.pick(views).call(this, t), exact };
  }

  #reshape(t: Tensor): Tensor {
    const shape: number[] = [];
    let rest = t.size;
    while (rest > 1 && shape.length < 4) {
      const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((n) => rest % n === 0);
      const n = this.#dice.pick(divisors);
      shape.push(n);
      rest /= n;
    }
    return ops.reshape(t, t.size === 0 ? [0] : rest > 1 ? [...shape, rest] : shape);
  }

  #permute(t: Tensor): Tensor {
    return ops.permute(t, this.#dice.shuffled(t.rank));
  }

  #expand(t: Tensor): Tensor {
    const at = this.#dice.below(t.rank + 1);
    const wide = ops.unsqueeze(t, at);
    const n = this.#dice.pick([2, 3, 4]);
    return ops.expand(
      wide,
      wide.shape.map((m, d) => (d === at ? n : m)),
    );
  }

  #slice(t: Tensor): Tensor {
    const steps = t.shape.map(() => this.#dice.pick([1, 1, 2, 3, -1, -2]));
    const starts = t.shape.map((n, d) => {
      const start = this.#dice.below(Math.ceil(n / 2));
      return steps[d] > 0 ? start : n - 1 - start;
    });
    return ops.slice(
      t,
      starts,
      t.shape.map(() => null),
      steps,
    );
  }

  #pad(t: Tensor): Tensor {
    const some = () => t.shape.map(() => this.#dice.pick([0, 0, 1, 2]));
    return ops.zeroPad(t, some(), some());
  }

  #reduce({ t, exact }: Value): Value {
    const axes = t.shape.map((_, d) => d).filter(() => this.#dice.chance(0.5));
    const keep = this.#dice.chance(0.4);
    const full = t.size > 0 && exact;
    if (full && this.#dice.chance(0.4)) return { t: ops.amax(t, axes, keep), exact };
    const count = axes.reduce((n, d) => n * t.shape[d], 1);
    return { t: ops.mul(ops.sum(t, axes, keep), 1 / Math.sqrt(Math.max(count, 1))), exact: false };
  }

  #matmul({ t }: Value): Value {
    const a = t.rank < 2 ? ops.reshape(t, [1, t.size]) : t;
    const k = a.shape.at(-1) as number;
    const n = this.#dice.pick(SIZES);
    const own = this.#dice.chance(0.3) ? ops.transpose(a) : null;
    const batch = this.#dice.chance(0.5) ? this.#partner(a.shape.slice(0, -2)) : [];
    const b = own ?? this.#leaf([...batch, k, n]).t;
    const product = ops.mul(ops.matmul(a, b), 1 / Math.sqrt(Math.max(k, 1)));
    if (this.#dice.chance(0.5)) return { t: product, exact: false };
    const bias = this.#leaf([product.shape.at(-1) as number]).t;
    return { t: ops.tanh(ops.add(product, bias)), exact: false };
  }

  #cat({ t, exact }: Value): Value {
    if (t.rank === 0) return { t: ops.stack([t, ops.neg(t)]), exact };
    const axis = this.#dice.below(t.rank);
    const fits = (o: Tensor) =>
      o.rank === t.rank && o.shape.every((n, d) => d === axis || n === t.shape[d]);
    const parts = this.#values.filter((v) => fits(v.t));
    const list = [{ t, exact }, this.#dice.pick(parts), this.#dice.pick(parts)];
    return {
      t: ops.cat(
        list.map((v) => v.t),
        axis,
      ),
      exact: list.every((v) => v.exact),
    };
  }

  #rows({ t }: Value): Value {
    return {
      t: t.rank === 0 ? ops.tanh(t) : ops.softmax(t, this.#dice.below(t.rank)),
      exact: false,
    };
  }
}

function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [m, n] = [a.at(-i), b.at(-i)];
    if (m !== n && m !== 1 && n !== 1) return false;
  }
  return true;
}
