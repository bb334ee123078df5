import { openFile } from "#files";
import { ValueError } from "../core/errors.ts";
import { type ByteSource, blobSource, memorySource } from "./byteSource.ts";

/** A path (Node and Deno), a Blob or File, or the bytes of the whole file. */
export type FileSource = string | Blob | Uint8Array | ArrayBuffer;

/** Opens what a user gives to load from, and closes it after use. */
export async function withSource<T>(
  op: string,
  source: FileSource,
  use: (file: ByteSource) => Promise<T>,
): Promise<T> {
  const file = await openSource(op, source);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function openSource(op: string, source: FileSource): Promise<ByteSource> {
  if (typeof source === "string") return openFile(source, op);
  if (source instanceof Blob) {
    return blobSource(source, source instanceof File ? source.name : "a Blob");
  }
  if (source instanceof Uint8Array) return memorySource(source, "bytes in memory");
  if (source instanceof ArrayBuffer) return memorySource(new Uint8Array(source), "bytes in memory");
  throw new ValueError(
    `${op}: there is nothing to read from; got ${Object.prototype.toString.call(source)}. ` +
      "Pass a path, a Blob, or the bytes: await (await fetch(address)).arrayBuffer().",
  );
}
