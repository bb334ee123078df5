/** Bytes that are read piece by piece, so that a header is checked before the rest is touched. */
export interface ByteSource {
  /** What errors call it: a path or an address. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly the bytes from `begin` up to, not including, `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes that are already in memory. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (begin, end) => bytes.subarray(begin, end),
    close: async () => {},
  };
}

/** A Blob or a File of the browser, such as one the user has chosen. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
    close: async () => {},
  };
}
