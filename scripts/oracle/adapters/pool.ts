import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter, type Result } from "./adapter.ts";

/** PyTorch takes None and an empty list for "as the kernel". */
function strideOf(a: Arguments): number[] | null {
  const given = a.has("stride") ? a.numbers("stride") : [];
  return given.length === 0 ? null : given;
}

const windowOf = (a: Arguments) => ({
  stride: strideOf(a),
  padding: a.has("padding") ? a.numbers("padding") : 0,
  ceilMode: a.flag("ceil_mode"),
});

const listed = (result: tg.Tensor | tg.ValuesAndIndices): Result =>
  result instanceof tg.Tensor ? result : [result.values, result.indices];

const maxPool = (f: typeof tg.maxPool2d) =>
  adapter("input kernel_size stride padding dilation ceil_mode return_indices", (a) =>
    listed(
      f(a.tensor("input"), a.numbers("kernel_size"), {
        ...windowOf(a),
        dilation: a.has("dilation") ? a.numbers("dilation") : 1,
        returnIndices: a.flag("return_indices"),
      }),
    ),
  );

const avgPool = (f: typeof tg.avgPool2d) =>
  adapter("input kernel_size stride padding ceil_mode count_include_pad divisor_override", (a) =>
    f(a.tensor("input"), a.numbers("kernel_size"), {
      ...windowOf(a),
      countIncludePad: a.flag("count_include_pad", true),
      divisorOverride: a.has("divisor_override") ? a.number("divisor_override") : null,
    }),
  );

/** A size, or a list of sizes and None. */
function outputSize(a: Arguments): number | (number | null)[] {
  const given = a.any("output_size");
  if (typeof given === "number") return given;
  if (Array.isArray(given)) return given as (number | null)[];
  throw a.without("this output_size");
}

const adaptiveMax = (f: typeof tg.adaptiveMaxPool2d) =>
  adapter("input output_size return_indices", (a) =>
    listed(f(a.tensor("input"), outputSize(a), { returnIndices: a.flag("return_indices") })),
  );

const adaptiveAvg = (f: typeof tg.adaptiveAvgPool2d) =>
  adapter("input output_size", (a) => f(a.tensor("input"), outputSize(a)));

const lpPool = (f: typeof tg.lpPool2d) =>
  adapter("input norm_type kernel_size stride ceil_mode", (a) =>
    f(a.tensor("input"), a.number("norm_type"), a.numbers("kernel_size"), {
      stride: strideOf(a),
      ceilMode: a.flag("ceil_mode"),
    }),
  );

const maxUnpool = (f: typeof tg.maxUnpool2d) =>
  adapter("input indices kernel_size stride padding output_size", (a) =>
    f(a.tensor("input"), a.tensor("indices"), a.numbers("kernel_size"), {
      stride: strideOf(a),
      padding: a.has("padding") ? a.numbers("padding") : 0,
      outputSize: a.has("output_size") ? a.numbers("output_size") : null,
    }),
  );

export const pool: Adapters = {
  adaptive_avg_pool1d: adaptiveAvg(tg.adaptiveAvgPool1d),
  adaptive_avg_pool2d: adaptiveAvg(tg.adaptiveAvgPool2d),
  adaptive_avg_pool3d: adaptiveAvg(tg.adaptiveAvgPool3d),
  adaptive_max_pool1d: adaptiveMax(tg.adaptiveMaxPool1d),
  adaptive_max_pool2d: adaptiveMax(tg.adaptiveMaxPool2d),
  adaptive_max_pool3d: adaptiveMax(tg.adaptiveMaxPool3d),
  avg_pool1d: avgPool(tg.avgPool1d),
  avg_pool2d: avgPool(tg.avgPool2d),
  avg_pool3d: avgPool(tg.avgPool3d),
  lp_pool1d: lpPool(tg.lpPool1d),
  lp_pool2d: lpPool(tg.lpPool2d),
  lp_pool3d: lpPool(tg.lpPool3d),
  max_pool1d: maxPool(tg.maxPool1d),
  max_pool2d: maxPool(tg.maxPool2d),
  max_pool3d: maxPool(tg.maxPool3d),
  max_unpool1d: maxUnpool(tg.maxUnpool1d),
  max_unpool2d: maxUnpool(tg.maxUnpool2d),
  max_unpool3d: maxUnpool(tg.maxUnpool3d),
};
