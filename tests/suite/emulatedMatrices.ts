import type { GpuDevice } from "../../src/gpu/device.ts";

/**
 * What subgroup matrices of 8 x 8 mean. One that is loaded is where it lies in `tiles`, with its
 * stride in the upper half of the word; a result is a number of 64 sums, which the threads share.
 */
const MEANING = `
var<workgroup> sums: array<f32, 1024>;
fn load_matrix(at: u32, stride: u32) -> u32 { return at | (stride << 16u); }
fn element(matrix: u32, row: u32, column: u32) -> f32 {
  return tiles[(matrix & 0xffffu) + row * (matrix >> 16u) + column];
}
fn add_product(lane: u32, a: u32, b: u32, c: u32) -> u32 {
  for (var i = lane; i < 64u; i += 32u) {
    for (var k = 0u; k < 8u; k++) {
      sums[c * 64u + i] += element(a, i / 8u, k) * element(b, k, i % 8u);
    }
  }
  return c;
}
fn store_matrix(lane: u32, at: u32, c: u32, stride: u32) {
  for (var i = lane; i < 64u; i += 32u) {
    tiles[at + i / 8u * stride + i % 8u] = sums[c * 64u + i];
  }
}
`;

/** WGSL in which functions of the language as it is stand for subgroup matrices. */
const withoutMatrices = (code: string): string =>
  code
    .replace("enable chromium_experimental_subgroup_matrix;", "")
    .replaceAll(/subgroupMatrixLoad<[^&]*>\(&tiles, /g, "load_matrix(")
    .replaceAll("subgroupMatrixMultiplyAccumulate(", "add_product(lid.x, ")
    .replaceAll(/subgroupMatrixStore<[^&]*>\(&tiles, /g, "store_matrix(lid.x, ")
    .replaceAll(
      /var c(\d)_(\d): subgroup_matrix_result<f32, 8, 8>;/g,
      "var c$1_$2 = $1u * 4u + $2u;",
    )
    .replace("@compute", `${MEANING}@compute`);

/** Lets a device compute what it has no units for. @returns the texts that needed it */
export function emulateMatrices({ gpu }: GpuDevice): string[] {
  const texts: string[] = [];
  const create = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = (descriptor) => {
    const { code } = descriptor;
    if (!code.includes("subgroupMatrix")) return create(descriptor);
    texts.push(code);
    return create({ ...descriptor, code: withoutMatrices(code) });
  };
  return texts;
}
