import type { ByteSource } from "./byteSource.ts";
import { StorageError } from "./errors.ts";

/** What stands in a browser's bundle for files.ts: there is no file system. */

/** @throws StorageError always: a page saves by download, Blob or OPFS. */
export async function writeFileAtomic(
  path: string,
  _contents: Uint8Array | string,
  op = "writeFileAtomic",
): Promise<void> {
  throw noFileSystem(op, path);
}

/** @throws StorageError always: a page loads from a Blob, from bytes or from OPFS. */
export async function openFile(path: string, op = "openFile"): Promise<ByteSource> {
  throw noFileSystem(op, path);
}

function noFileSystem(op: string, path: string): StorageError {
  return new StorageError(
    `${op}: there is no file system here; got ${path}. In a browser use toSafetensorsBlob, ` +
      "downloadSafetensors or saveToOpfs to save, and pass a Blob or bytes to load.",
    path,
  );
}
