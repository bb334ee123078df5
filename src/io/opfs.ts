import type { Tensor } from "../tensor/tensor.ts";
import { errorCode, StorageError } from "./errors.ts";
import { type LoadOptions, loadSafetensors, type SaveOptions } from "./safetensors.ts";
import { toSafetensorsBlob } from "./safetensorsBrowser.ts";
import type { ReadableStateDict } from "./stateDict.ts";
import { readError, writeError } from "./systemErrors.ts";

/**
 * Saves tensors in the browser's own file system (OPFS), page or worker. The browser writes beside
 * the old file and replaces it when the new one is whole.
 *
 * @param path such as "runs/digits.safetensors"; folders are made
 * @throws StorageError when the storage is full or the platform has none.
 * Source: WHATWG File System standard, createWritable, https://fs.spec.whatwg.org
 */
export async function saveToOpfs(
  stateDict: ReadableStateDict,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  const blob = await toSafetensorsBlob(stateDict, options);
  const { folder, name } = await openFolder("saveToOpfs", path, true);
  const isNew = !(await exists(folder, name, path));
  try {
    await writeWhole(await folder.getFileHandle(name, { create: true }), blob);
  } catch (error) {
    const rest = isNew ? await removeEmpty(folder, name) : "";
    throw writeError("saveToOpfs", path, blob.size, error, rest);
  }
}

/**
 * Loads what `saveToOpfs` saved.
 *
 * @throws StorageError when there is no such file; FileFormatError when it is not valid.
 */
export async function loadFromOpfs(
  path: string,
  options: LoadOptions = {},
): Promise<Map<string, Tensor>> {
  const { folder, name } = await openFolder("loadFromOpfs", path, false);
  let file: File;
  try {
    file = await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    throw readError("loadFromOpfs", path, error);
  }
  return loadSafetensors(file, options);
}

async function openFolder(op: string, path: string, create: boolean) {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  if ([...parts, name].some((part) => part === "" || part === "." || part === "..")) {
    const mend = 'Use names with slashes between them, such as "runs/digits.safetensors".';
    throw new StorageError(`${op}: this is not a path of names; got "${path}". ${mend}`, path);
  }
  if (typeof navigator === "undefined" || navigator.storage?.getDirectory === undefined) {
    const mend =
      "Use a browser with OPFS in a secure context, or saveSafetensors in Node and Deno.";
    throw new StorageError(`${op}: there is no OPFS here; got ${path}. ${mend}`, path);
  }
  try {
    let folder = await navigator.storage.getDirectory();
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return { folder, name };
  } catch (error) {
    throw readError(op, path, error);
  }
}

async function exists(folder: FileSystemDirectoryHandle, name: string, path: string) {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if (errorCode(error) === "NotFoundError") return false;
    throw readError("saveToOpfs", path, error);
  }
}

async function writeWhole(handle: FileSystemFileHandle, blob: Blob): Promise<void> {
  const writable = await handle.createWritable();
  try {
    await writable.write(blob);
  } catch (error) {
    await writable.abort(error);
    throw error;
  }
  await writable.close();
}

/**
 * The handle alone has made an empty file, which would look like a torn one. Chromium releases an
 * aborted writer's lock a little after it says so; until then the file cannot be removed.
 */
async function removeEmpty(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  for (let pause = 10; ; pause *= 2) {
    try {
      await folder.removeEntry(name);
      return "";
    } catch (error) {
      const code = errorCode(error);
      const isLocked = code === "NoModificationAllowedError" && pause < 1000;
      if (!isLocked) return ` The empty file could not be removed (${code}).`;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
