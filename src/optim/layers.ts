import type { Shape } from "../core/shape.ts";
import { sizeOf } from "../core/shape.ts";
import { square } from "../ops/elementwise/arithmetic.ts";
import { sqrt } from "../ops/elementwise/elementwise.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import { sum } from "../ops/reduce/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { byPlace } from "./byPlace.ts";
import type { Layers } from "./rule.ts";

/** Statistics of each parameter among those that lie side by side and end at `ends`. */
export const layersOf = (ends: readonly number[], shapes: readonly Shape[]): Layers => ({
  norm(x) {
    const flat = reshape(x, [x.size]);
    const norms = shapes.map((shape, i): Tensor => {
      const part = narrow(flat, 0, ends[i - 1] ?? 0, sizeOf(shape));
      return sqrt(sum(square(part)));
    });
    return byPlace(ends.map((end, i) => ({ end, value: norms[i] })));
  },
});
