import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter } from "./adapter.ts";
import { dtypeOf } from "./dtypes.ts";

const scan = (f: (x: tg.Tensor, axis: number, options: tg.ScanOptions) => tg.Tensor) =>
  adapter("input dim dtype", (a) => f(a.tensor("input"), a.number("dim"), { dtype: dtypeOf(a) }));

const extremum = (f: (x: tg.Tensor, axis: number) => tg.ValuesAndIndices) =>
  adapter("input dim", (a) => {
    const { values, indices } = f(a.tensor("input"), a.number("dim"));
    return [values, indices];
  });

/** The points or their distance stand behind y, the axis too in the methods of some versions. */
function integral(f: (y: tg.Tensor, options: tg.TrapezoidOptions) => tg.Tensor) {
  return adapter("y x dx dim", (a: Arguments) =>
    f(a.tensor("y"), {
      x: a.maybeTensor("x"),
      dx: a.has("dx") ? a.number("dx") : undefined,
      axis: a.number("dim", -1),
    }),
  );
}

export const scans: Adapters = {
  cummax: extremum(tg.cummax),
  cummin: extremum(tg.cummin),
  cumprod: scan(tg.cumprod),
  cumsum: scan(tg.cumsum),
  cumulative_trapezoid: integral(tg.cumulativeTrapezoid),
  diff: adapter("input n dim prepend append", (a) =>
    tg.diff(a.tensor("input"), {
      n: a.number("n", 1),
      axis: a.number("dim", -1),
      prepend: a.maybeTensor("prepend"),
      append: a.maybeTensor("append"),
    }),
  ),
  logcumsumexp: adapter("input dim", (a) => tg.logcumsumexp(a.tensor("input"), a.number("dim"))),
  trapezoid: integral(tg.trapezoid),
  trapz: integral(tg.trapezoid),
};
