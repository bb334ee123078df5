import { tensor } from "../ops/creation/creation.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { byPlace } from "./byPlace.ts";
import { partNorms } from "./gradients/gradientNorms.ts";
import type { Layers } from "./rule.ts";

/**
 * The 2-norms of each parameter's part of `a` and of `b`, at each of its elements. One kernel reads
 * both vectors, which are stored for it.
 */
export function layerNorms(layers: Layers, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const { ends } = layers;
  const [x, y] = [a, b].map((t) => reshape(t, [t.size]));
  const norms = partNorms(x, y, tableOf(layers, a));
  const at = (first: number): Tensor =>
    byPlace(ends.map((end, i) => ({ end, value: reshape(narrow(norms, 0, first + i, 1), []) })));
  return [at(0), at(ends.length)];
}

function tableOf({ ends, sizes, tables }: Layers, like: Tensor): Tensor {
  const rows = ends.map((_, i) => [ends[i - 1] ?? 0, sizes[i]]);
  const key = rows.join(";");
  let table = tables.get(key);
  if (table === undefined) {
    const values = Int32Array.from(rows.flat());
    table = tensor(values, { shape: [rows.length, 2], device: like.device });
    tables.set(key, table);
  }
  return table;
}
