import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkSizes } from "../sizes.ts";

const LAYER = "MultiheadAttention";

/** The sizes of a layer, and how its inputs lie. */
export interface AttentionSizes {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
}

/** @throws ValueError unless the heads divide the features and dropout lies in [0, 1] */
export function checkArguments(sizes: AttentionSizes, dropout: number, options: object): void {
  const { embedDim, numHeads, kdim, vdim } = sizes;
  checkSizes(LAYER, { embedDim, numHeads, kdim, vdim }, 1);
  if (embedDim % numHeads !== 0) {
    throw new ValueError(
      `${LAYER}: ${numHeads} heads do not divide ${embedDim} features; got embedDim ${embedDim}, ` +
        `numHeads ${numHeads}. Use a divisor of ${embedDim}.`,
    );
  }
  if (!(dropout >= 0 && dropout <= 1)) {
    throw new ValueError(`${LAYER}: dropout is not a probability; got ${dropout}. Use 0 to 1.`);
  }
  for (const name of ["addBiasKv", "addZeroAttn"] as const) {
    if (!(options as Readonly<Record<string, unknown>>)[name]) continue;
    throw new ValueError(
      `${LAYER}: ${name} is not supported; got true. Append a row to key and value instead.`,
    );
  }
}

/** @throws ShapeError unless query, key and value fit the layer and each other */
export function checkInputs(
  { embedDim, kdim, vdim, batchFirst }: AttentionSizes & { readonly batchFirst: boolean },
  query: Tensor,
  key: Tensor,
  value: Tensor,
): void {
  const inputs = [query, key, value] as const;
  const wrong = (what: string, mend: string) =>
    new ShapeError(
      `${LAYER}: ${what}; got query ${show(query.shape)}, key ${show(key.shape)}, value ` +
        `${show(value.shape)}. ${mend}`,
    );
  const layout = batchFirst ? "[batch, length, features]" : "[length, batch, features]";
  const { rank } = query;
  if ((rank !== 3 && rank !== 2) || inputs.some((x) => x.rank !== rank)) {
    throw wrong(`not all inputs are ${layout}, or all [length, features]`, "Reshape them.");
  }
  const names = ["query", "key", "value"];
  const unfit = [embedDim, kdim, vdim].findIndex((size, i) => inputs[i]!.shape.at(-1) !== size);
  if (unfit >= 0) {
    const size = [embedDim, kdim, vdim][unfit];
    throw wrong(`${names[unfit]} does not have ${size} features`, "Give embedDim, kdim and vdim.");
  }
  const rows = rank === 3 && batchFirst ? 1 : 0;
  if (key.shape[rows] !== value.shape[rows]) {
    throw wrong("keys and values differ in number", "Give a value for each key.");
  }
  if (key.shape[rows] === 0) throw wrong("there are no keys", "Give at least one.");
  if (rank === 3 && inputs.some((x) => x.shape[1 - rows] !== query.shape[1 - rows])) {
    throw wrong("the batches differ", `Give all inputs as ${layout}.`);
  }
}
