import { StorageError } from "./errors.ts";
import type { SaveOptions } from "./safetensors.ts";
import { serializeSafetensors } from "./safetensorsFormat.ts";
import { type ReadableStateDict, readStateDict } from "./stateDict.ts";

/** The tensors as a safetensors file in memory: to upload, to store, to give to the user. */
export async function toSafetensorsBlob(
  stateDict: ReadableStateDict,
  { metadata = {} }: SaveOptions = {},
): Promise<Blob> {
  const bytes = serializeSafetensors(await readStateDict(stateDict), metadata);
  return new Blob([bytes], { type: "application/octet-stream" });
}

/**
 * Offers the tensors to the user as a download of the given name.
 *
 * @throws StorageError outside of a page (in a worker, in Node), where nothing can be offered.
 */
export async function downloadSafetensors(
  stateDict: ReadableStateDict,
  name: string,
  options: SaveOptions = {},
): Promise<void> {
  if (typeof document === "undefined") {
    throw new StorageError(
      `downloadSafetensors: there is no page here to download from; got ${name}. ` +
        "Send toSafetensorsBlob's result to the page, or use saveSafetensors in Node and Deno.",
      name,
    );
  }
  const address = URL.createObjectURL(await toSafetensorsBlob(stateDict, options));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  // The browser fetches the address after this task; revoking at once would cancel that.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
