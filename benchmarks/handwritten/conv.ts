// Convolutions with a 3 x 3 kernel and padding 1 on images [batch, side, side, channels] with
// weights [3, 3, in, out], as sums over (kernel row, kernel column and channel) in registers.
import type { ConvSizes } from "../workloads/operations.ts";
import type { Binding, KernelText } from "./machine.ts";
import { lane, repeat, vec4, zero } from "./text.ts";

export interface Conv extends ConvSizes {
  readonly label: string;
  /** Pixels of a row that a thread computes, each with 8 channels; `side` is a multiple. */
  readonly pixels: number;
  readonly input: Binding["buffer"];
  readonly weights: Binding["buffer"];
  /** Of the weights, in vec4f. */
  readonly weightOffset?: number;
  readonly output: GPUBuffer;
  readonly store?: (sum: string, at: { index: string; column: string }) => string;
  readonly workgroup?: readonly [number, number];
}

/** Channels of a thread, as two vec4f. */
const CHANNELS = 8;
const VECTORS = CHANNELS / 4;

/** Which pixels and channels this thread computes. */
function place({ batch, side, pixels }: Conv, channels: number): string {
  const segments = side / pixels;
  return `
if (gid.x >= ${channels / CHANNELS}u || gid.y >= ${batch * side * segments}u) { return; }
let x0 = gid.y % ${segments}u * ${pixels}u;
let row = gid.y / ${segments}u;
let y = row % ${side}u;
let column0 = gid.x * ${VECTORS}u;
${repeat(pixels, (i) => repeat(VECTORS, (j) => `var sum${i}_${j} = ${zero};`))}`;
}

const multiplyAdd = (pixels: number, channel: number): string =>
  repeat(pixels, (i) => repeat(VECTORS, (j) => `sum${i}_${j} += p${i}.${lane(channel)} * w${j};`));

/** Only the first and the last pixel of a row can lie outside the image. */
const loadPixels = (pixels: number, load: (i: number) => string, guard: (i: number) => string) =>
  repeat(pixels, (i) =>
    i === 0 || i === pixels - 1
      ? `let p${i} = select(${zero}, ${load(i)}, ${guard(i)});`
      : `let p${i} = ${load(i)};`,
  );

function storeAll(conv: Conv, channels: number): string {
  const put = conv.store ?? ((sum: string, at: { index: string }) => `out[${at.index}] = ${sum};`);
  return repeat(conv.pixels, (i) =>
    repeat(VECTORS, (j) => {
      const column = `(column0 + ${j}u)`;
      const index = `((row * ${conv.side}u + x0 + ${i}u) * ${channels / 4}u + ${column})`;
      return put(`sum${i}_${j}`, { index, column });
    }),
  );
}

function kernelOf(conv: Conv, channels: number, loop: string): KernelText {
  const { batch, side, pixels, workgroup = [4, 4] } = conv;
  const rows = (batch * side * side) / pixels;
  return {
    label: conv.label,
    bindings: [
      { name: "input", buffer: conv.input },
      { name: "weights", buffer: conv.weights },
      { name: "out", buffer: conv.output, write: true },
    ],
    workgroupSize: workgroup,
    grid: [Math.ceil(channels / CHANNELS / workgroup[0]), Math.ceil(rows / workgroup[1])],
    body: `${place(conv, channels)}\n${loop}\n${storeAll(conv, channels)}`,
  };
}

/** out[y, x, o] = Σ over ky, kx, c of input[y + ky - 1, x + kx - 1, c] weights[ky, kx, c, o]. The
 *  three kernel columns and all channels of a row lie next to each other: one flat loop over both
 *  compiles into better code than nested or unrolled ones. */
export function convForward(conv: Conv): KernelText {
  const { side, inChannels, outChannels, pixels, weightOffset = 0 } = conv;
  const quads = inChannels / 4;
  const guard = (i: number) =>
    i === 0 ? `q >= ${quads}u || x0 > 0u` : `q < ${2 * quads}u || x0 + ${pixels}u < ${side}u`;
  return kernelOf(
    conv,
    outChannels,
    `
for (var ky = 0u; ky < 3u; ky++) {
  let inputY = y + ky - 1u; // wraps above the image: then it is not below ${side}
  if (inputY < ${side}u) {
  let start = ((row + ky - 1u) * ${side}u + x0 - 1u) * ${quads}u;
  for (var q = 0u; q < ${3 * quads}u; q++) {
    ${loadPixels(pixels, (i) => `input[start + q + ${i * quads}u]`, guard)}
    let weightRow = ky * ${3 * inChannels}u + q * 4u;
    let weight = ${weightOffset}u + weightRow * ${outChannels / 4}u + column0;
    ${repeat(
      4,
      (c) => `{
      ${repeat(VECTORS, (j) => `let w${j} = weights[weight + ${(c * outChannels) / 4 + j}u];`)}
      ${multiplyAdd(pixels, c)}
    }`,
    )}
  }
  }
}`,
  );
}

/** The gradient of the input: out[y, x, c] = Σ over ky, kx, o of
 *  input[y + 1 - ky, x + 1 - kx, o] weights[ky, kx, c, o], the weights read in place along o. */
export function convBackward(conv: Conv): KernelText {
  const { side, inChannels, outChannels, pixels, weightOffset = 0 } = conv;
  const quads = outChannels / 4;
  const load = (i: number) => `input[((inputRow * ${side}u) + x + ${i}u) * ${quads}u + q]`;
  return kernelOf(
    conv,
    inChannels,
    `
for (var ky = 0u; ky < 3u; ky++) {
  let inputY = y + 1u - ky;
  if (inputY < ${side}u) {
  let inputRow = row + 1u - ky;
  for (var kx = 0u; kx < 3u; kx++) {
    let x = x0 + 1u - kx;
    for (var q = 0u; q < ${quads}u; q++) {
      ${loadPixels(pixels, load, (i) => `x + ${i}u < ${side}u`)}
      let weightRow = (ky * 3u + kx) * ${inChannels}u + gid.x * ${CHANNELS}u;
      let weight = ${weightOffset}u + weightRow * ${quads}u + q;
      ${repeat(CHANNELS, (j) => `let row${j} = weights[weight + ${j * quads}u];`)}
      ${repeat(
        4,
        (c) => `{
        ${repeat(VECTORS, (j) => `let w${j} = ${vec4((q) => `row${4 * j + q}.${lane(c)}`)};`)}
        ${multiplyAdd(pixels, c)}
      }`,
      )}
    }
  }
  }
}`,
  );
}

export interface ConvWeights extends ConvSizes {
  readonly label: string;
  readonly input: Binding["buffer"];
  readonly dOutput: GPUBuffer;
  readonly output: GPUBuffer;
  /** In the output, vec4f: of the weights' gradient, and of the biases' where it is wanted. */
  readonly offset?: number;
  readonly biasOffset?: number;
  readonly workgroup?: readonly [number, number];
}

/** The gradient of the biases: the sum over all pixels, by the first threads. */
const sumPixels = ({ batch, side, outChannels, biasOffset }: ConvWeights): string =>
  biasOffset === undefined
    ? ""
    : `
if (gid.y == 0u && wid.z == 0u) {
  ${repeat(VECTORS, (j) => `var bias${j} = ${zero};`)}
  for (var i = 0u; i < ${batch * side * side}u; i++) {
    let at = i * ${outChannels / 4}u + gid.x * ${VECTORS}u;
    ${repeat(VECTORS, (j) => `bias${j} += dOut[at + ${j}u];`)}
  }
  ${repeat(VECTORS, (j) => `out[${biasOffset}u + gid.x * ${VECTORS}u + ${j}u] = bias${j};`)}
}`;

/** The gradient of the weights: a thread takes 8 x 8 channels at one of the nine kernel places, and
 *  the pixels for which the input lies in the image. */
export function convWeights(conv: ConvWeights): KernelText {
  const { batch, side, inChannels, outChannels, offset = 0, workgroup = [4, 4] } = conv;
  const [columns, rows] = [outChannels / CHANNELS, inChannels / CHANNELS];
  return {
    label: conv.label,
    bindings: [
      { name: "input", buffer: conv.input },
      { name: "dOut", buffer: conv.dOutput },
      { name: "out", buffer: conv.output, write: true },
    ],
    workgroupSize: workgroup,
    grid: [Math.ceil(columns / workgroup[0]), Math.ceil(rows / workgroup[1]), 9],
    body: `
if (gid.x >= ${columns}u || gid.y >= ${rows}u) { return; }
let ky = wid.z / 3u;
let kx = wid.z % 3u;
${repeat(CHANNELS, (i) => repeat(VECTORS, (j) => `var sum${i}_${j} = ${zero};`))}
let firstY = select(0u, 1u, ky == 0u);
let endY = select(${side}u, ${side - 1}u, ky == 2u);
let firstX = select(0u, 1u, kx == 0u);
let endX = select(${side}u, ${side - 1}u, kx == 2u);
for (var image = 0u; image < ${batch}u; image++) {
  for (var y = firstY; y < endY; y++) {
    let firstPixel = (image * ${side}u + y + ky - 1u) * ${side}u + kx - 1u;
    let inputAt = firstPixel * ${inChannels / 4}u + gid.y * ${VECTORS}u;
    let dOutAt = (image * ${side}u + y) * ${(side * outChannels) / 4}u + gid.x * ${VECTORS}u;
    for (var x = firstX; x < endX; x++) {
      ${repeat(VECTORS, (i) => `let a${i} = input[inputAt + x * ${inChannels / 4}u + ${i}u];`)}
      ${repeat(VECTORS, (j) => `let d${j} = dOut[dOutAt + x * ${outChannels / 4}u + ${j}u];`)}
      ${repeat(CHANNELS, (i) =>
        repeat(VECTORS, (j) => `sum${i}_${j} += a${i >> 2}.${lane(i)} * d${j};`),
      )}
    }
  }
}
let outRow = wid.z * ${inChannels}u + gid.y * ${CHANNELS}u;
let outAt = ${offset}u + outRow * ${outChannels / 4}u + gid.x * ${VECTORS}u;
${repeat(CHANNELS, (i) =>
  repeat(VECTORS, (j) => `out[outAt + ${(i * outChannels) / 4 + j}u] = sum${i}_${j};`),
)}
${sumPixels(conv)}`,
  };
}
