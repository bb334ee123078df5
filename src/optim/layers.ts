import { sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import { ne } from "../ops/elementwise/compare.ts";
import { gather3 } from "../ops/indexing/gatherOps.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { byPlace, pieces } from "./byPlace.ts";
import { chunkNorms, partNorms } from "./gradients/gradientNorms.ts";
import type { Layers } from "./rule.ts";

/**
 * The 2-norms of each parameter's part of `a` and of `b`, at each of its elements. One kernel reads
 * both vectors, which are stored for it.
 */
export function layerNorms(layers: Layers, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const { ends } = layers;
  const [x, y] = [a, b].map((t) => reshape(t, [t.size]));
  const table = reshape(tableOf(layers, "parts", a, partsOf), [ends.length, 2]);
  const norms = partNorms(x, y, table);
  const at = (first: number): Tensor =>
    byPlace(ends.map((end, i) => ({ end, value: reshape(narrow(norms, 0, first + i, 1), []) })));
  return [at(0), at(ends.length)];
}

/**
 * Whether the row of a parameter (along its first axis) has an element other than 0, at each of its
 * elements. One launch looks at all rows; what is computed from this is fused behind another.
 */
export function touchedRows(layers: Layers, g: Tensor): Tensor {
  const { ends, shapes } = layers;
  const alone = ne(g, 0);
  const isVector = shapes.map((shape) => shape.length < 2);
  if (!isVector.includes(false)) return alone;
  const rows = tableOf(layers, "rows", g, rowsOf);
  const largest = chunkNorms(g, reshape(rows, [rows.size / 2, 2]), {
    p: Infinity,
    anywhere: true,
  });
  const places = tableOf(layers, "row of each element", g, rowOfEach);
  const found = gather3(reshape(largest, [1, largest.size, 1]), reshape(places, [1, g.size, 1]), {
    trusted: true,
  });
  const inRow = ne(reshape(found, [g.size]), 0);
  return byPlace(
    pieces(ends, isVector).map(({ end, value }) => ({ end, value: value ? alone : inRow })),
  );
}

/** First elements and lengths of the parameters. */
const partsOf = ({ ends, shapes }: Layers): number[] =>
  shapes.flatMap((shape, i) => [ends[i - 1] ?? 0, sizeOf(shape)]);

/** First elements and lengths of the rows of all parameters with more than one axis. */
const rowsOf = ({ ends, shapes }: Layers): number[] =>
  shapes.flatMap((shape, i) => {
    const length = sizeOf(shape.slice(1));
    const count = shape.length < 2 ? 0 : shape[0];
    return Array.from({ length: count }, (_, row) => [
      (ends[i - 1] ?? 0) + row * length,
      length,
    ]).flat();
  });

/** The number of each element's row among them; gaps and vectors have any. */
function rowOfEach({ ends, shapes }: Layers): number[] {
  const places = new Array<number>(ends.at(-1) as number).fill(0);
  let first = 0;
  shapes.forEach((shape, i) => {
    if (shape.length < 2) return;
    const [start, length] = [ends[i - 1] ?? 0, sizeOf(shape.slice(1))];
    for (let at = 0; at < sizeOf(shape); at++) {
      places[start + at] = first + Math.floor(at / length);
    }
    first += shape[0];
  });
  return places;
}

function tableOf(
  layers: Layers,
  name: string,
  { device }: Tensor,
  make: (layers: Layers) => number[],
): Tensor {
  const { ends, shapes, tables } = layers;
  const key = `${name} ${ends} ${shapes.join(";")}`;
  let table = tables.get(key);
  if (table === undefined) {
    table = tensor(Int32Array.from(make(layers)), { device });
    tables.set(key, table);
  }
  return table;
}
