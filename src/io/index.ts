export { writeFileAtomic } from "#files";
export { FileFormatError, StorageError } from "./errors.ts";
export type { FileSource } from "./fileSource.ts";
export { loadNpy, saveNpy } from "./npy.ts";
export { parseNpy, serializeNpy } from "./npyFormat.ts";
export { loadFromOpfs, saveToOpfs } from "./opfs.ts";
export {
  type LoadOptions,
  loadSafetensors,
  loadSafetensorsMetadata,
  type SafetensorsSource,
  type SaveOptions,
  saveSafetensors,
} from "./safetensors.ts";
export { downloadSafetensors, toSafetensorsBlob } from "./safetensorsBrowser.ts";
export {
  type DecodeOptions,
  parseSafetensors,
  type StoredTensor,
  type StoredTensors,
  serializeSafetensors,
} from "./safetensorsFormat.ts";
export type { ReadableStateDict, ReadableTensor } from "./stateDict.ts";
