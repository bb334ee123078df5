import { sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import { cat } from "../ops/movement/join.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { byPlace } from "./byPlace.ts";
import { chunkNorms } from "./gradients/gradientNorms.ts";
import type { Member } from "./parameterGroups.ts";
import type { Layers } from "./rule.ts";

/** Tables of where parameters lie, by what they are the tables of; uploaded once. */
export type Tables = Map<string, Tensor>;

/**
 * Statistics of each parameter among those that lie side by side and end at `ends`. Both norms of
 * all parameters take two launches: what they are of is stored, and one kernel reads it.
 */
export const layersOf = (
  ends: readonly number[],
  members: readonly Member[],
  tables: Tables,
): Layers => ({
  norms(a, b) {
    const size = a.size;
    const starts = ends.map((_, i) => ends[i - 1] ?? 0);
    const places = starts.map((start, i) => [start, sizeOf(members[i].variable.shape)] as const);
    const rows = [...places, ...places.map(([start, length]) => [size + start, length] as const)];
    const both = cat([reshape(a, [size]), reshape(b, [size])]);
    const norms = chunkNorms(both, tableOf(rows, a, tables), { p: 2 });
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
