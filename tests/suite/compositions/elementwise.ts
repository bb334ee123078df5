import * as ops from "../../../src/ops/index.ts";
import { distinct, type SampleInput, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, type U, unary } from "./composed.ts";

const of = (name: string, f: (...x: Tensor[]) => Tensor, ...inputs: SampleInput[]): Composed =>
  composed(name, f, () => [inputs]);

const [wide, row] = [distinct([3, 4], 0.27), distinct([4], 0.31)];
const positive = uniform([3, 4], 0.6, 2);

const ofOne: [string, U][] = [
  ["hardshrink", (x) => ops.hardshrink(x, 0.4)],
  ["softshrink", (x) => ops.softshrink(x, 0.4)],
  ["tanhshrink", ops.tanhshrink],
  ["softsign", ops.softsign],
  ["threshold", (x) => ops.threshold(x, 0.25, 0.4)],
  ["celu", (x) => ops.celu(x, 0.7)],
  ["softplus, straight from a threshold", (x) => ops.softplus(x, 3, 0.2)],
  ["glu", (x) => ops.glu(x, 1)],
  ["softmin", (x) => ops.softmin(x, 0)],
  ["rrelu", (x) => ops.rrelu(x)],
  ["nanToNum", (x) => ops.nanToNum(x)],
  ["deg2rad", ops.deg2rad],
  ["ndtr", ops.ndtr],
];

/** Functions of one to three tensors that are made of several element-wise ops. */
export const elementwise = (): Composed[] => [
  ...ofOne.map(([name, f]) => unary(name, f, [wide])),
  of("entr", (x) => ops.entr(x!), positive),
  of("mvlgamma", (x) => ops.mvlgamma(x!, 3), uniform([2, 3], 1.3, 4)),
  of("add with alpha", (a, b) => ops.add(a!, b!, { alpha: 0.7 }), wide, row),
  of("rsub with alpha", (a, b) => ops.rsub(a!, b!, { alpha: 0.7 }), wide, row),
  of("div, rounded down", (a, b) => ops.div(a!, b!, { roundingMode: "floor" }), wide, positive),
  of("fmax", (a, b) => ops.fmax(a!, b!), wide, row),
  of("fmin", (a, b) => ops.fmin(a!, b!), wide, row),
  of("lerp", (a, b, w) => ops.lerp(a!, b!, w!), wide, row, uniform([4], 0.1, 0.4)),
  of("lerp by a number", (a, b) => ops.lerp(a!, b!, 0.7), wide, row),
  of("addcmul", (x, a, b) => ops.addcmul(x!, a!, b!, { value: 0.7 }), row, wide, positive),
  of("addcdiv", (x, a, b) => ops.addcdiv(x!, a!, b!, { value: 0.7 }), row, wide, positive),
  of("ldexp", (x, n) => ops.ldexp(x!, n!), wide, row),
  of("logAddExp2", (a, b) => ops.logAddExp2(a!, b!), wide, row),
  of("logit within eps", (x) => ops.logit(x!, 0.2), uniform([3, 4], 0.25, 0.75)),
  of("floatPower", (a, b) => ops.floatPower(a!, b!), positive, row),
  of("prelu", (x, w) => ops.prelu(x!, w!), distinct([2, 3, 2], 0.27), uniform([3], 0.1, 0.5)),
  of("heaviside", (x, v) => ops.heaviside(x!, v!), distinct([3, 4]), row),
];
