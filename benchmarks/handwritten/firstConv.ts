// The first convolution has one input channel: nine taps, no sum over channels.
import type { KernelText } from "./machine.ts";
import { takeFirstMaximum } from "./pool.ts";
import { repeat, zero } from "./text.ts";
import type { Flat } from "./trainer.ts";

const SIDE = 28;
/** Pixels of a row that a thread computes, with all 16 channels. */
const PIXELS = 7;
/** Sums of the gradient for each channel: nine weights and the bias. */
export const TAPS = 10;

interface Buffers {
  readonly x: readonly GPUBuffer[];
  readonly h1: GPUBuffer;
  readonly p1: GPUBuffer;
  readonly dP1: GPUBuffer;
  readonly perImage: GPUBuffer;
}

/** relu(convolution + bias); only the pixels beside the segment can lie outside the image. */
export function firstConv(flat: Flat, { x, h1 }: Buffers, rows: number): KernelText {
  return {
    label: "first convolution",
    bindings: [
      { name: "x", buffer: x, type: "f32" },
      { name: "p", buffer: flat.parameters },
      { name: "out", buffer: h1, write: true },
    ],
    workgroupSize: [32, 1],
    grid: [(rows * SIDE * SIDE) / PIXELS / 32],
    body: `
let x0 = (gid.x & 3u) * ${PIXELS}u;
let row = gid.x >> 2u;
let y = row % ${SIDE}u;
${repeat(PIXELS, (i) => repeat(4, (j) => `var sum${i}_${j} = p[${flat.vec("b1") + j}u];`))}
for (var ky = 0u; ky < 3u; ky++) {
  let inputY = y + ky - 1u; // wraps above the image
  if (inputY < ${SIDE}u) {
    let start = (row + ky - 1u) * ${SIDE}u + x0;
    let x_0 = select(0.0, x[start - 1u], x0 > 0u);
    ${repeat(PIXELS, (i) => `let x_${i + 1} = x[start + ${i}u];`)}
    let x_${PIXELS + 1} = select(0.0, x[start + ${PIXELS}u], x0 + ${PIXELS}u < ${SIDE}u);
    ${repeat(
      3,
      (kx) => `{
      ${repeat(4, (j) => `let w${j} = p[${flat.vec("w1")}u + (ky * 3u + ${kx}u) * 4u + ${j}u];`)}
      ${repeat(PIXELS, (i) => repeat(4, (j) => `sum${i}_${j} += x_${i + kx} * w${j};`))}
    }`,
    )}
  }
}
${repeat(PIXELS, (i) =>
  repeat(4, (j) => `out[(row * ${SIDE}u + x0 + ${i}u) * 4u + ${j}u] = max(sum${i}_${j}, ${zero});`),
)}`,
  };
}

/** The 4 x 4 pixels around a 2 x 2 block; those outside the image are 0. */
const neighbourhood = repeat(4, (r) =>
  repeat(4, (c) => {
    const inside = [
      ...(r === 0 ? ["py > 0u"] : r === 3 ? ["py < 13u"] : []),
      ...(c === 0 ? ["px > 0u"] : c === 3 ? ["px < 13u"] : []),
    ].join(" && ");
    const load = `x[corner + ${r * SIDE + c}u - ${SIDE + 1}u]`;
    return `let x${r}_${c} = ${inside ? `select(0.0, ${load}, ${inside})` : load};`;
  }),
);

/** Gradients of weights and bias, a sum for each image: a thread takes an image and four channels,
 *  and scatters through pooling and relu on the fly. */
export function firstConvGradient({ x, h1, p1, dP1, perImage }: Buffers, rows: number): KernelText {
  const places = ["at", "at + 4u", "at + 112u", "at + 116u"];
  const add = (_: string, index: number, d: string) =>
    repeat(9, (tap) => {
      const [r, c] = [(index >> 1) + Math.floor(tap / 3), (index & 1) + (tap % 3)];
      return `sum${tap} += x${r}_${c} * ${d};`;
    });
  return {
    label: "dW1 of each image",
    bindings: [
      { name: "x", buffer: x, type: "f32" },
      { name: "wide", buffer: h1 },
      { name: "pooled", buffer: p1 },
      { name: "dPooled", buffer: dP1 },
      { name: "out", buffer: perImage, write: true },
    ],
    workgroupSize: [16, 1],
    grid: [(rows * 4) / 16],
    body: `
let c = gid.x & 3u;
let image = gid.x >> 2u;
${repeat(TAPS, (tap) => `var sum${tap} = ${zero};`)}
for (var py = 0u; py < 14u; py++) {
  for (var px = 0u; px < 14u; px++) {
    let i = ((image * 14u + py) * 14u + px) * 4u + c;
    let largest = pooled[i];
    var rest = select(${zero}, dPooled[i], largest > ${zero});
    sum9 += rest;
    let corner = (image * ${SIDE}u + py * 2u) * ${SIDE}u + px * 2u;
    let at = corner * 4u + c;
    ${neighbourhood}
    ${takeFirstMaximum(places, "wide", add)}
  }
}
${repeat(TAPS, (tap) => `out[(image * ${TAPS}u + ${tap}u) * 4u + c] = sum${tap};`)}`,
  };
}

/** Adds up the images' sums: 36 threads for the weights, 4 for the bias. */
export function sumImages(flat: Flat, { perImage }: Buffers, rows: number): KernelText {
  return {
    label: "dW1",
    bindings: [
      { name: "part", buffer: perImage },
      { name: "gradient", buffer: flat.gradients, write: true },
    ],
    workgroupSize: [4 * TAPS, 1],
    grid: [1],
    body: `
var sum = ${zero};
for (var image = 0u; image < ${rows}u; image++) { sum += part[image * ${4 * TAPS}u + lid.x]; }
let at = select(${flat.vec("b1")}u + lid.x - 36u, ${flat.vec("w1")}u + lid.x, lid.x < 36u);
gradient[at] = sum;`,
  };
}
