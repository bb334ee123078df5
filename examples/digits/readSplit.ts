import { parseSafetensors, ValueError } from "tapegrad";
import type { Examples, Split } from "./datasets.ts";

/** Decodes a bundled data set and divides it as its file says. */
export function readSplit(bytes: Uint8Array, source: string): Split {
  const { tensors } = parseSafetensors(bytes, source);
  const get = (name: string) => {
    const found = tensors.get(name);
    if (found !== undefined) return found;
    throw new ValueError(
      `readSplit: no tensor ${name}; got ${source}. Use a file of examples/data.`,
    );
  };
  const x = get("X");
  const y = get("y");
  const features = x.shape[1] ?? 1;
  const rows = (name: string) => selectRows(x.data, y.data, features, get(name).data);
  return { train: rows("train_idx"), test: rows("test_idx"), features };
}

function selectRows(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  features: number,
  indices: ArrayLike<number>,
): Examples {
  const rows = Array.from(indices);
  return {
    x: Float32Array.from(
      rows.flatMap((row) => Array.prototype.slice.call(x, row * features, (row + 1) * features)),
    ),
    y: Int32Array.from(rows, (row) => y[row] ?? 0),
    count: rows.length,
  };
}
