import { sizeOf } from "../../src/core/shape.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Dice } from "./dice.ts";
import { randomView } from "./randomViews.ts";

/** A value, and whether it is the same to the last bit on every device: then kinks are too. */
interface Value {
  readonly t: Tensor;
  readonly exact: boolean;
}

const MOST_ELEMENTS = 2048;
const SIZES = [1, 1, 2, 3, 4, 4, 5, 7, 8, 12];

const weights = new WeakMap<Device, Map<string, Tensor>>();

/** The same tensor each time: graphs recorded again must be equal. */
function weightsFor({ shape, size, device }: Tensor): Tensor {
  const known = weights.get(device) ?? new Map<string, Tensor>();
  weights.set(device, known);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const made = known.get(shape.join()) ?? ops.tensor(values, { shape, device });
  known.set(shape.join(), made);
  return made;
}

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
  readonly #leafOf: (index: number, fresh: Tensor) => Tensor;
  readonly #device: Device;
  readonly #values: Value[] = [];

  /** @param leafOf gives leaf number `index` where it is not a fresh tensor */
  constructor(seed: number, device: Device, leafOf?: (index: number, fresh: Tensor) => Tensor) {
    this.#leafOf = leafOf ?? ((_, fresh) => fresh);
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
    return ops.sum(ops.mul(out, weightsFor(out)));
  }

  #leaf(shape: readonly number[]): Value {
    const values = Float32Array.from({ length: sizeOf(shape) }, () => this.#dice.next() * 4 - 2);
    const options = { shape, device: this.#device, requiresGrad: true };
    const t = this.#leafOf(this.leaves.length, ops.tensor(values, options));
    const leaf = { t, exact: true };
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
    return { t: randomView(t, this.#dice), exact };
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
