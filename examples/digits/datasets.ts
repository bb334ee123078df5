import { parseSafetensors, ValueError } from "tapegrad";

/** The bundled data sets, and the network and rates that suit them. */
export const datasets = {
  digits: { hidden: [128, 64], classes: 10, epochs: 20, adamLr: 1e-3 },
  iris: { hidden: [32], classes: 3, epochs: 60, adamLr: 1e-2 },
  wine: { hidden: [32], classes: 3, epochs: 60, adamLr: 1e-2 },
  breast_cancer: { hidden: [32], classes: 2, epochs: 60, adamLr: 1e-2 },
} as const;

export type DatasetName = keyof typeof datasets;

/** Examples as rows of `features` numbers, and the class of each. */
export interface Examples {
  x: Float32Array;
  y: Int32Array;
  count: number;
}

export interface Split {
  train: Examples;
  test: Examples;
  features: number;
}

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
