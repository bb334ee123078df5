import { recurrenceKernel } from "../../../kernels/rows/scan.ts";
import { type Binary, defineOp, floating, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { eq, where } from "../elementwise/compare.ts";
import { zeroPad } from "../movement/window.ts";
import { uniform } from "../samples.ts";
import { ends, followed, isLong, joined, split } from "./blocks.ts";
import { lineKernel, part, reversed } from "./lines.ts";

/** h[0] = b[0], h[k] = a[k - 1]·h[k - 1] + b[k]; a [outer, n - 1, inner], b [outer, n, inner]. */
const recurrence: Binary = defineOp<2>({
  name: "recurrence",
  arity: 2,
  shape: ([, b]) => b!,
  dtype: floating,
  forward: kernel({
    ...lineKernel("recurrence", 1),
    source: recurrenceKernel,
    reference: ({ inputs: [a, b], outputs: [spec], create }) => {
      const h = create(spec!);
      const [, n, inner] = spec!.shape as [number, number, number];
      for (let at = 0; at < h.length; at++) {
        const [o, k] = [Math.floor(at / (n * inner)), Math.floor(at / inner) % n];
        const before = k === 0 ? 0 : a!.data[at - (o + 1) * inner]! * h[at - inner]!;
        h[at] = before + b!.data[at]!;
      }
      return [h];
    },
  }),
  // r[k] = g[k] + a[k]·r[k + 1] is the gradient of b, and that of a is r[k]·h[k - 1].
  vjp: ({ g, out, inputs: [a] }) => {
    const n = out.shape[1]!;
    const r = reversed(recurred(reversed(a!), reversed(g)));
    return [mul(part(r, 1, n), part(out, 0, n - 1)), r];
  },
  batch: joinLeading,
  derivative: ["r[k + 1]·y[k]", "r with r[k] = g[k] + a[k]·r[k + 1]"],
  samples: () => [
    [uniform([2, 3, 3]), uniform([2, 4, 3])],
    [uniform([2, 3, 2], -1, 1, "transposed"), uniform([2, 4, 2], -1, 1, "transposed")],
    [uniform([1, 199, 1], -1, 1), uniform([1, 200, 1])],
    [uniform([2, 0, 1]), uniform([2, 1, 1])],
  ],
});

/**
 * The same for lines of any length. Within a block h starts from nothing; what stands before the
 * block enters by the product of all factors since: products are a recurrence without summands.
 */
export function recurred(a: Tensor, b: Tensor): Tensor {
  if (!isLong(b)) return recurrence(a, b);
  const factors = split(zeroPad(a, [0, 1, 0], [0, 0, 0]));
  const n = factors.shape[1]!;
  const inner = part(factors, 1, n);
  const own = recurrence(inner, split(b));
  const start = where(eq(indexAlong(factors, 1), 0), factors, 0);
  const products = recurrence(inner, start);
  const outer = b.shape[0]!;
  const [carry, total] = [ends(products, outer), ends(own, outer)];
  const whole = recurred(part(carry, 1, carry.shape[1]!), total);
  return joined(add(own, mul(products, followed(whole, own.shape))), b.shape);
}
