import { ShapeError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { sigmoid, tanh } from "../elementwise/elementwise.ts";
import { relu } from "../elementwise/extrema.ts";
import { linear } from "../linalg/products.ts";
import { chunk } from "../movement/split.ts";

/** One time step of a recurrent layer, in PyTorch's layouts: weights are [gates·hidden, inputs]. */
export interface CellWeights {
  /** [gates·hidden, inputs] */
  readonly weightIh: Tensor;
  /** [gates·hidden, hidden] */
  readonly weightHh: Tensor;
  /** [gates·hidden] */
  readonly biasIh?: Tensor | null;
  readonly biasHh?: Tensor | null;
}

/**
 * Elman's cell: h' = tanh(W x + b + U h + c), or with relu.
 * @param x [batch, inputs]  @param h [batch, hidden]  @returns [batch, hidden]
 * @throws ShapeError when weights and state do not fit
 */
export function rnnCell(
  x: Tensor,
  h: Tensor,
  weights: CellWeights,
  nonlinearity: "tanh" | "relu" = "tanh",
): Tensor {
  checkCell("rnnCell", x, h, weights, 1);
  const sum = add(inputPart(x, weights), statePart(h, weights));
  return nonlinearity === "relu" ? relu(sum) : tanh(sum);
}

/**
 * Gated recurrent unit (Cho et al. 2014), gates in the order r, z, n as in PyTorch:
 * r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r·(U_n h)), h' = (1 - z)·n + z·h.
 * @param x [batch, inputs]  @param h [batch, hidden]  @returns [batch, hidden]
 * @throws ShapeError when weights and state do not fit
 */
export function gruCell(x: Tensor, h: Tensor, weights: CellWeights): Tensor {
  checkCell("gruCell", x, h, weights, 3);
  const [xr, xz, xn] = chunk(inputPart(x, weights), 3, -1) as [Tensor, Tensor, Tensor];
  const [hr, hz, hn] = chunk(statePart(h, weights), 3, -1) as [Tensor, Tensor, Tensor];
  const reset = sigmoid(add(xr, hr));
  const update = sigmoid(add(xz, hz));
  const fresh = tanh(add(xn, mul(reset, hn)));
  // n + z·(h - n), which is (1 - z)·n + z·h.
  return add(fresh, mul(update, sub(h, fresh)));
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order i, f, g, o as in
 * PyTorch: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c').
 * @param x [batch, inputs]  @param state hidden and cell, each [batch, hidden]
 * @throws ShapeError when weights and state do not fit
 */
export function lstmCell(
  x: Tensor,
  [h, c]: readonly [Tensor, Tensor],
  weights: CellWeights,
): [Tensor, Tensor] {
  checkCell("lstmCell", x, h, weights, 4);
  if (!sameShape(c.shape, h.shape)) {
    throw new ShapeError(
      `lstmCell: hidden and cell state differ; got ${show(h.shape)} and ${show(c.shape)}. ` +
        "Make both [batch, hidden].",
    );
  }
  const gates = chunk(add(inputPart(x, weights), statePart(h, weights)), 4, -1);
  const [i, f, g, o] = gates as [Tensor, Tensor, Tensor, Tensor];
  const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
  return [mul(sigmoid(o), tanh(cell)), cell];
}

const inputPart = (x: Tensor, { weightIh, biasIh }: CellWeights): Tensor =>
  linear(x, weightIh, biasIh ?? undefined);

const statePart = (h: Tensor, { weightHh, biasHh }: CellWeights): Tensor =>
  linear(h, weightHh, biasHh ?? undefined);

function checkCell(op: string, x: Tensor, h: Tensor, weights: CellWeights, gates: number): void {
  const [inputs, hidden] = [x.shape.at(-1), h.shape.at(-1)];
  const { weightIh, weightHh } = weights;
  const rows = gates * (hidden ?? 0);
  const fits =
    x.rank > 0 &&
    h.rank > 0 &&
    sameShape(weightIh.shape, [rows, inputs!]) &&
    sameShape(weightHh.shape, [rows, hidden!]);
  if (fits) return;
  throw new ShapeError(
    `${op}: the weights do not fit input and state; got x ${show(x.shape)}, h ${show(h.shape)}, ` +
      `weightIh ${show(weightIh.shape)}, weightHh ${show(weightHh.shape)}. ` +
      `They must be [${gates}·hidden, inputs] and [${gates}·hidden, hidden].`,
  );
}
