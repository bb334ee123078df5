import { writeFileAtomic } from "#files";
import { ValueError } from "../core/errors.ts";
import { tensor } from "../ops/creation/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type FileSource, withSource } from "./fileSource.ts";
import { decodeNpy, serializeNpy } from "./npyFormat.ts";
import { NPY_PREFIX, parseNpyHeader, readNpyPrefix } from "./npyHeader.ts";
import type { LoadOptions } from "./safetensors.ts";
import type { ReadableTensor } from "./stateDict.ts";

/**
 * Loads an array that NumPy saved (`numpy.save`), formats 1.0 to 3.0. The header is checked against
 * the size of the file before anything is allocated for the elements; pickled objects are refused.
 * Element types become what `parseNpy` says: f8 is rounded to float32.
 *
 * @param source a path (Node and Deno), a Blob or File, or the bytes of the whole file
 * @throws FileFormatError naming the file and the byte where it is not valid; StorageError when it
 *   cannot be read
 */
export async function loadNpy(source: FileSource, options: LoadOptions = {}): Promise<Tensor> {
  return withSource("loadNpy", source, async (file) => {
    const prefix = await file.read(0, Math.min(NPY_PREFIX, file.size));
    const place = readNpyPrefix(prefix, file.size, file.name);
    const text = await file.read(place.start, place.end);
    const header = parseNpyHeader(text, place.start, file.size, file.name);
    const bytes = await file.read(header.begin, file.size);
    const { data, shape, dtype } = decodeNpy(header, bytes, file.name, options);
    const { device } = options;
    return tensor(data, device === undefined ? { shape, dtype } : { shape, dtype, device });
  });
}

/**
 * Saves a tensor for `numpy.load`, in Node and Deno; the old file stays until the new one is whole.
 * In a browser, offer `new Blob([serializeNpy({ dtype, shape, data: await x.data() })])`.
 *
 * @throws StorageError when the file cannot be written
 */
export async function saveNpy(x: ReadableTensor, path: string): Promise<void> {
  if (typeof x?.data !== "function") {
    throw new ValueError(
      `saveNpy: only a tensor can be saved; got ${typeof x}. Make one with tensor(values).`,
    );
  }
  const { dtype, shape } = x;
  await writeFileAtomic(path, serializeNpy({ dtype, shape, data: await x.data() }), "saveNpy");
}
