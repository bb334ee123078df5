// The last layer of the classifiers: ten outputs, softmax cross-entropy, and its gradients. Rows of
// logits and of their gradients are padded to 12 numbers, three vec4f.
import type { KernelText } from "./machine.ts";
import { lane, repeat, vec4, zero } from "./text.ts";
import { type Flat, tick } from "./trainer.ts";

export const CLASSES = 10;
export const PADDED = 12;

/** One k-quadruple of h times four rows of the weights [k, 10], whose first element is `weight`. */
export const addProducts = (parameters: string): string =>
  repeat(CLASSES, (j) => {
    const products = [0, 1, 2, 3].map(
      (q) => `h.${lane(q)} * ${parameters}[weight + ${CLASSES * q + j}u]`,
    );
    return `z${j} += ${products.join(" + ")};`;
  });

/** From the logits z0 ... z9 of row `row`: the gradient with respect to them, and the loss, which
 *  the first thread of the only workgroup adds up. Names: labels, gradient, state, shared `part`.
 *  */
export const softmaxLoss = (rows: number): string => `
var largest = z0;
${repeat(CLASSES - 1, (j) => `largest = max(largest, z${j + 1});`)}
var total = 0.0;
${repeat(CLASSES, (j) => `let e${j} = exp(z${j} - largest); total += e${j};`)}
let logTotal = largest + log(total);
var loss = 0.0;
${repeat(
  CLASSES,
  (j) => `let y${j} = labels[row * ${CLASSES}u + ${j}u];
loss += y${j} * (logTotal - z${j});
gradient[row * ${PADDED}u + ${j}u] = (e${j} / total - y${j}) * ${1 / rows};`,
)}
gradient[row * ${PADDED}u + 10u] = 0.0;
gradient[row * ${PADDED}u + 11u] = 0.0;
part[row] = loss;
workgroupBarrier(); // every row's loss is there
if (row == 0u) {
  var mean = 0.0;
  for (var i = 0u; i < ${rows}u; i++) { mean += part[i]; }
  ${tick(`mean * ${1 / rows}`)}
}`;

/** Gradients of weights [features, 10] and biases: a thread takes four rows of the weights. */
export function denseGradient(
  flat: Flat,
  input: GPUBuffer,
  dLogits: GPUBuffer,
  {
    rows,
    features,
    weight,
    bias,
  }: { rows: number; features: number; weight: string; bias: string },
): KernelText {
  const w = flat.offset[weight];
  const b = flat.offset[bias];
  return {
    label: `d${weight}`,
    bindings: [
      { name: "h", buffer: input },
      { name: "d", buffer: dLogits },
      { name: "gradient", buffer: flat.gradients, type: "f32", write: true },
    ],
    workgroupSize: [8, 1],
    grid: [features / 4 / 8],
    body: `
let q = gid.x;
${repeat(12, (i) => `var sum${i} = ${zero};`)}
${repeat(3, (j) => `var bias${j} = ${zero};`)}
for (var row = 0u; row < ${rows}u; row++) {
  let h4 = h[row * ${features / 4}u + q];
  ${repeat(3, (j) => `let d${j} = d[row * 3u + ${j}u]; bias${j} += d${j};`)}
  ${repeat(4, (i) => repeat(3, (j) => `sum${3 * i + j} += h4.${lane(i)} * d${j};`))}
}
let at = ${w}u + q * ${4 * CLASSES}u;
${repeat(4, (i) =>
  repeat(CLASSES, (j) => `gradient[at + ${CLASSES * i + j}u] = sum${3 * i + (j >> 2)}.${lane(j)};`),
)}
if (q == 0u) {
  ${repeat(CLASSES, (j) => `gradient[${b}u + ${j}u] = bias${j >> 2}.${lane(j)};`)}
}`,
  };
}

/** Four features of the weights that begin at `q` x 4, as columns w0 ... w9. */
export const weightColumns = (flat: Flat, weight: string): string => `
let weight = ${flat.offset[weight]}u + q * ${4 * CLASSES}u;
${repeat(CLASSES, (j) => `let w${j} = ${vec4((i) => `p[weight + ${CLASSES * i + j}u]`)};`)}`;

/** dLogits of row `row` times these columns: the gradient `back` of four features. */
export const backThroughDense = (row: string): string => `
var back = ${zero};
${repeat(CLASSES, (j) => `back += d[${row} * 3u + ${j >> 2}u].${lane(j)} * w${j};`)}`;
