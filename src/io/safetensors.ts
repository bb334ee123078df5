import { writeFileAtomic } from "#files";
import { tensor } from "../ops/creation/creation.ts";
import type { Device } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ByteSource } from "./byteSource.ts";
import { type FileSource, withSource } from "./fileSource.ts";
import {
  type DecodeOptions,
  decodeTensor,
  type StoredTensor,
  serializeSafetensors,
} from "./safetensorsFormat.ts";
import { type Header, parseHeader } from "./safetensorsHeader.ts";
import { PREFIX, readHeaderLength } from "./safetensorsPrefix.ts";
import { type ReadableStateDict, readStateDict } from "./stateDict.ts";

/** A path (Node and Deno), a Blob or File, or the bytes of the whole file. */
export type SafetensorsSource = FileSource;

export interface SaveOptions {
  /** Free text stored beside the tensors. */
  metadata?: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  /** Where the tensors go; the current device when left out. */
  device?: Device;
  /** What F16 becomes: float32 ("widen", the default), which every device has, or float16. */
  float16?: DecodeOptions["float16"];
}

/**
 * Saves tensors to a file in Node and Deno. Neither a crash nor a full disk tears it: the old file
 * stays until the new one is whole. The same values always give the same bytes. The `cpu` device's
 * float64 values are stored as F64.
 *
 * @param stateDict tensors by name, such as `model.stateDict()`
 * @throws StorageError when the file cannot be written.
 */
export async function saveSafetensors(
  stateDict: ReadableStateDict,
  path: string,
  { metadata = {} }: SaveOptions = {},
): Promise<void> {
  const bytes = serializeSafetensors(await readStateDict(stateDict), metadata);
  await writeFileAtomic(path, bytes, "saveSafetensors");
}

/**
 * Loads a safetensors file, PyTorch's included; `model.loadStateDict` takes the result. The header
 * is checked against the size of the file before anything is allocated for the tensors.
 * For a file on a server pass `await (await fetch(address)).arrayBuffer()`.
 *
 * @throws FileFormatError naming the file and the byte where it is not valid; StorageError when it
 *   cannot be read.
 */
export async function loadSafetensors(
  source: SafetensorsSource,
  options: LoadOptions = {},
): Promise<Map<string, Tensor>> {
  return withSource("loadSafetensors", source, async (file) => {
    const { tensors } = await readHeader(file);
    const loaded = new Map<string, Tensor>();
    for (const [name, entry] of tensors) {
      const bytes = await file.read(entry.begin, entry.end);
      loaded.set(name, upload(decodeTensor(name, entry, bytes, file.name, options), options));
    }
    return loaded;
  });
}

/** Only the texts stored beside the tensors. @throws as `loadSafetensors` does. */
export async function loadSafetensorsMetadata(
  source: SafetensorsSource,
): Promise<Record<string, string>> {
  return withSource("loadSafetensors", source, async (file) => (await readHeader(file)).metadata);
}

async function readHeader(file: ByteSource): Promise<Header> {
  const prefix = await file.read(0, Math.min(PREFIX, file.size));
  const length = readHeaderLength(prefix, file.size, file.name);
  return parseHeader(await file.read(PREFIX, PREFIX + length), file.size, file.name);
}

function upload({ data, shape, dtype }: StoredTensor, { device }: LoadOptions): Tensor {
  return tensor(data, device === undefined ? { shape, dtype } : { shape, dtype, device });
}
