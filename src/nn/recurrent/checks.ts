import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import { indexList } from "../../ops/creation/creation.ts";
import { knownValues } from "../../ops/creation/known.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import type { Device } from "../../tensor/device.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** How long the sequences of a batch are: [batch], in any order, each from 1 to all steps. */
export type Lengths = readonly number[] | Int32Array | Tensor;

/** @throws ValueError unless p lies in [0, 1] */
export function checkDropout(layer: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new ValueError(
    `${layer}: dropout is not a probability; got ${p}. Use a number from 0 to 1, such as 0.2.`,
  );
}

/** @throws ValueError unless the projection is smaller than the state, or 0 */
export function checkProjection(layer: string, projection: number, hidden: number): void {
  if (Number.isInteger(projection) && projection >= 0 && projection < hidden) return;
  throw new ValueError(
    `${layer}: projSize is not a whole number below hiddenSize; got projSize ${projection}, ` +
      `hiddenSize ${hidden}. Use a smaller one, or 0 for no projection.`,
  );
}

/** @throws ValueError for another nonlinearity than tanh and relu */
export function checkNonlinearity(layer: string, nonlinearity: string): void {
  if (nonlinearity === "tanh" || nonlinearity === "relu") return;
  throw new ValueError(
    `${layer}: unknown nonlinearity; got "${nonlinearity}". Use "tanh" or "relu".`,
  );
}

/** @throws ShapeError unless x has the rank of a form, and `features` along its last axis */
export function checkInput(
  layer: string,
  x: Tensor,
  features: number,
  forms: Readonly<Record<number, string>>,
): void {
  if (forms[x.rank] === undefined) {
    throw new ShapeError(
      `${layer}: x has ${x.rank} axes; got x ${show(x.shape)}. ` +
        `Make it ${Object.values(forms).reverse().join(", or ")} for a single example.`,
    );
  }
  if (x.shape.at(-1) === features) return;
  throw new ShapeError(
    `${layer}: the last axis does not have ${features} features; got x ${show(x.shape)}. ` +
      "Reshape x, or build the layer with its size.",
  );
}

/** @throws ShapeError unless the state is a tensor of the shape */
export function checkState(layer: string, name: string, state: unknown, shape: Shape): void {
  if (state instanceof Tensor && sameShape(state.shape, shape)) return;
  const got = state instanceof Tensor ? show(state.shape) : String(state);
  throw new ShapeError(
    `${layer}: the state ${name} does not fit layer and input; got ${got} instead of ` +
      `${show(shape)}. Give the state of a call with as many examples, or none for zeros.`,
  );
}

/**
 * Lengths as a tensor on the device.
 * @throws ShapeError unless there is one for each example; ValueError, where the host knows them,
 *   outside 1 … steps; DTypeError unless they are integers
 */
export function readLengths(
  layer: string,
  lengths: Lengths,
  [steps, batch]: readonly [number, number],
  device: Device,
): Tensor {
  const shape = lengths instanceof Tensor ? lengths.shape : [lengths.length];
  if (!sameShape(shape, [batch])) {
    throw new ShapeError(
      `${layer}: there is not one length for each of the ${batch} examples; got lengths ` +
        `${show(shape)}. Give one number per example.`,
    );
  }
  const values = Array.from((lengths instanceof Tensor ? knownValues(lengths) : lengths) ?? []);
  const wrong = values.find((n) => !(Number.isInteger(n) && n >= 1 && n <= steps));
  if (wrong !== undefined) {
    throw new ValueError(
      `${layer}: a length is not a whole number from 1 to ${steps}, the steps of x; got ${wrong}. ` +
        "Leave empty sequences out, and pad x to the longest.",
    );
  }
  if (!(lengths instanceof Tensor)) return indexList(values, device);
  if (lengths.dtype === "int32" || lengths.dtype === "uint32") return cast(lengths, "int32");
  throw new DTypeError(
    `${layer}: lengths are not integers; got dtype ${lengths.dtype}. Cast them to int32.`,
  );
}
