import type { DType, TypedArray } from "../core/dtype.ts";
import type { StoredTensor } from "./safetensorsFormat.ts";

/** What saving needs of a tensor: its type, its shape, its values. */
export interface ReadableTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  data(): Promise<TypedArray>;
}

/** Tensors by name: what `model.stateDict()` gives, or a plain object. */
export type ReadableStateDict =
  | ReadonlyMap<string, ReadableTensor>
  | Readonly<Record<string, ReadableTensor>>;

/** Reads every tensor back from its device; all reads are asked for before one is awaited. */
export async function readStateDict(dict: ReadableStateDict): Promise<[string, StoredTensor][]> {
  const entries = isMap(dict) ? [...dict] : Object.entries(dict);
  return Promise.all(
    entries.map(async ([name, tensor]): Promise<[string, StoredTensor]> => {
      return [name, { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() }];
    }),
  );
}

function isMap(dict: ReadableStateDict): dict is ReadonlyMap<string, ReadableTensor> {
  return dict instanceof Map;
}
