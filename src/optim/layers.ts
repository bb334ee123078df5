import { sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { byPlace } from "./byPlace.ts";
import { partNorms } from "./gradients/gradientNorms.ts";
import type { Member } from "./parameterGroups.ts";
import type { Layers } from "./rule.ts";

/** Tables of where parameters lie, by what they are the tables of; uploaded once. */
export type Tables = Map<string, Tensor>;

/**
 * Statistics of each parameter among those that lie side by side and end at `ends`. One kernel
 * reads both vectors, which are stored for it.
 */
export const layersOf = (
  ends: readonly number[],
  members: readonly Member[],
  tables: Tables,
): Layers => ({
  norms(a, b) {
    const rows = ends.map((_, i) => [ends[i - 1] ?? 0, sizeOf(members[i].variable.shape)] as const);
    const [x, y] = [a, b].map((t) => reshape(t, [t.size]));
    const norms = partNorms(x, y, tableOf(rows, a, tables));
    const at = (first: number): Tensor =>
      byPlace(ends.map((end, i) => ({ end, value: reshape(narrow(norms, 0, first + i, 1), []) })));
    return [at(0), at(ends.length)];
  },
});

function tableOf(
  rows: readonly (readonly [number, number])[],
  like: Tensor,
  tables: Tables,
): Tensor {
  const key = rows.join(";");
  let table = tables.get(key);
  if (table === undefined) {
    const values = Int32Array.from(rows.flat());
    table = tensor(values, { shape: [rows.length, 2], device: like.device });
    tables.set(key, table);
  }
  return table;
}
