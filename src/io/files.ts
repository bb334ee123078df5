import type { ByteSource } from "./byteSource.ts";
import { errorCode, StorageError } from "./errors.ts";
import { readError, writeError } from "./systemErrors.ts";

type Fs = typeof import("node:fs/promises");
type Path = typeof import("node:path");

/** Node and Deno hand out their modules at run time: no import for a browser's bundler to follow. */
function nodeModules(op: string, path: string): { fs: Fs; path: Path } {
  if (typeof process !== "undefined" && typeof process.getBuiltinModule === "function") {
    return {
      fs: process.getBuiltinModule("node:fs/promises"),
      path: process.getBuiltinModule("node:path"),
    };
  }
  throw new StorageError(
    `${op}: there is no file system here; got ${path}. In a browser use toSafetensorsBlob, ` +
      "downloadSafetensors or saveToOpfs to save, and pass a Blob or bytes to load.",
    path,
  );
}

/**
 * Writes a file so that at every moment, crash and full disk included, either the whole old file
 * or the whole new one is there: a temporary file beside it, fsync, rename, fsync of the folder.
 *
 * @throws StorageError when it cannot be written; the old file is then unchanged.
 */
export async function writeFileAtomic(
  path: string,
  contents: Uint8Array | string,
  op = "writeFileAtomic",
): Promise<void> {
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  const { fs, path: paths } = nodeModules(op, path);
  const target = await followLink(fs, path, op);
  const folder = paths.dirname(target);
  const temporary = paths.join(folder, `.tapegrad-${crypto.randomUUID().slice(0, 8)}.tmp`);
  try {
    await writeDurably(fs, temporary, bytes);
    await fs.rename(temporary, target);
  } catch (error) {
    const rest = await removeTemporary(fs, temporary);
    throw writeError(op, path, bytes.length, error, rest);
  }
  await syncFolder(fs, folder, path, op);
}

/** A rename onto a symbolic link would replace the link instead of the file it names. */
async function followLink(fs: Fs, path: string, op: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw readError(op, path, error);
  }
}

async function writeDurably(fs: Fs, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable, on the file systems that can do so for a folder. */
async function syncFolder(fs: Fs, folder: string, path: string, op: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (["EINVAL", "ENOTSUP"].includes(errorCode(error))) return;
    throw new StorageError(
      `${op}: the new file is in place but may not survive a power cut; got ${errorCode(error)} ` +
        `from fsync of the folder of ${path}. Save again.`,
      path,
      error,
    );
  } finally {
    await handle.close();
  }
}

/** Text for the error when even the temporary file stays; "" when it is gone. */
async function removeTemporary(fs: Fs, temporary: string): Promise<string> {
  try {
    await fs.rm(temporary, { force: true });
    return "";
  } catch (error) {
    return ` The temporary file ${temporary} could not be removed (${errorCode(error)}).`;
  }
}

/**
 * Opens a file for reading in pieces.
 *
 * @throws StorageError when it does not exist, is no file or cannot be read.
 */
export async function openFile(path: string, op = "openFile"): Promise<ByteSource> {
  const { fs } = nodeModules(op, path);
  try {
    // Asked before opening: to open a pipe would wait for a writer for ever.
    const { size } = await checkIsFile(fs, path);
    const file = await fs.open(path, "r");
    return {
      name: path,
      size,
      read: (begin, end) => readRange(file, path, begin, end, op),
      close: () => file.close(),
    };
  } catch (error) {
    throw readError(op, path, error);
  }
}

async function checkIsFile(fs: Fs, path: string) {
  const stat = await fs.stat(path);
  if (stat.isFile()) return stat;
  throw Object.assign(new Error("not a plain file"), { code: "EISDIR" });
}

type FileHandle = Awaited<ReturnType<Fs["open"]>>;
// One read of the system takes at most 2 GiB.
const CHUNK = 2 ** 30;

async function readRange(file: FileHandle, path: string, begin: number, end: number, op: string) {
  const bytes = new Uint8Array(end - begin);
  let filled = 0;
  while (filled < bytes.length) {
    const want = Math.min(CHUNK, bytes.length - filled);
    const { bytesRead } = await file.read(bytes, filled, want, begin + filled);
    if (bytesRead === 0) {
      const at = begin + filled;
      throw new StorageError(
        `${op}: the file became shorter while it was read; got its end at byte ${at} of ${path}. ` +
          "Load it again when its writer is done.",
        path,
      );
    }
    filled += bytesRead;
  }
  return bytes;
}
