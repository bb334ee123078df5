import type { MatmulTexts } from "../../kernels/matmul/matmul.ts";
import { LEAST_LANES, unitMatmul } from "../../kernels/matmul/subgroupMatrix.ts";
import type { MatrixUnit } from "../core/ir.ts";
import type { AdapterSearch } from "./adapter.ts";
import type { GpuOptions } from "./device.ts";

// Chrome's experimental subgroup matrices, loaded where `init` is told to use them.

const FEATURE = "chromium-experimental-subgroup-matrix";

/** What an adapter can multiply: [M, K] by [K, N]. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

interface MatrixInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
}

/** Squares that a block of a product can be made of. */
const SIZES = [16, 8];

/** What opens a device with its unit for products of matrices; nothing, and a warning, if it has
 *  none for float32. */
export function withMatrixUnit({ adapter }: AdapterSearch, texts: MatmulTexts): GpuOptions {
  const unit = adapter === null ? null : unitOf(adapter, texts);
  if (unit !== null) return { features: [FEATURE], limits: { matrixUnit: unit } };
  console.warn(
    "init: subgroupMatrix: the adapter offers no products of float32 matrices by subgroups of one " +
      "size, so products are computed as without the option. In Chrome it takes the flag " +
      "--enable-unsafe-webgpu, in Node TAPEGRAD_DAWN=enable-dawn-features=allow_unsafe_apis.",
  );
  return {};
}

function unitOf({ features, info, limits }: GPUAdapter, texts: MatmulTexts): MatrixUnit | null {
  const { subgroupMinSize: lanes = 0, subgroupMaxSize, subgroupMatrixConfigs } = info as MatrixInfo;
  const fits = lanes >= LEAST_LANES && lanes <= limits.maxComputeInvocationsPerWorkgroup;
  if (!features.has(FEATURE) || lanes !== subgroupMaxSize || !fits) return null;
  const found = [...(subgroupMatrixConfigs ?? [])].filter(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === "f32" && resultComponentType === "f32" && M === N && N === K,
  );
  const size = SIZES.find((s) => found.some(({ M }) => M === s));
  const matmul: MatrixUnit["matmul"] = (...product) => unitMatmul(texts, ...product);
  return size === undefined ? null : { size, lanes, matmul };
}
