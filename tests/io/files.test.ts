import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StorageError } from "../../src/io/errors.ts";
import { openFile, writeFileAtomic } from "../../src/io/files.ts";

// The very object that the source asks for, so that single calls of the system can fail.
const fs = process.getBuiltinModule("node:fs/promises");
let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-files-"));
  path = join(folder, "weights.safetensors");
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const systemError = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

/** The next file that is opened for writing fails at its first write, as on a full disk. */
function fillDisk(): void {
  const open = fs.open;
  vi.spyOn(fs, "open").mockImplementation(async (...args) => {
    const file = await open(...args);
    if (args[1] === "wx") vi.spyOn(file, "writeFile").mockRejectedValue(systemError("ENOSPC"));
    return file;
  });
}

describe("writeFileAtomic", () => {
  it("replaces the file and leaves nothing beside it", async () => {
    await writeFileAtomic(path, Uint8Array.of(1));
    await writeFileAtomic(path, Uint8Array.of(2, 3));
    expect([...readFileSync(path)]).toEqual([2, 3]);
    expect(readdirSync(folder)).toEqual(["weights.safetensors"]);
  });

  it("on a full disk says so, keeps the old file and removes the temporary one", async () => {
    writeFileSync(path, "old");
    fillDisk();
    const error = await writeFileAtomic(path, new Uint8Array(9), "save").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: "ENOSPC", path });
    expect(String(error)).toContain(
      `save: the disk is full; got ENOSPC while writing 9 bytes to ${path}. ` +
        "Free some space; the file that was there before is unchanged.",
    );
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["weights.safetensors"]);
  });

  it("names the temporary file when even that cannot be removed", async () => {
    fillDisk();
    vi.spyOn(fs, "rm").mockRejectedValue(systemError("EIO"));
    await expect(writeFileAtomic(path, new Uint8Array(1))).rejects.toThrow(
      /The temporary file .*\.tmp could not be removed \(EIO\)/,
    );
  });

  it("keeps the old file when the rename fails", async () => {
    writeFileSync(path, "old");
    vi.spyOn(fs, "rename").mockRejectedValue(systemError("EACCES"));
    await expect(writeFileAtomic(path, new Uint8Array(1))).rejects.toThrow("permission is denied");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["weights.safetensors"]);
  });

  it("writes through a symbolic link instead of replacing it", async () => {
    const link = join(folder, "latest");
    writeFileSync(path, "old");
    symlinkSync(path, link);
    await writeFileAtomic(link, Uint8Array.of(7));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect([...readFileSync(path)]).toEqual([7]);
  });

  it("says what to do when the folder is missing", async () => {
    await expect(writeFileAtomic(join(folder, "no", "file"), new Uint8Array(1))).rejects.toThrow(
      /no such file or folder; got ENOENT .* create the folder first/,
    );
  });

  it("says what to do where there is no file system", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    vi.stubGlobal("process", undefined);
    try {
      await expect(writeFileAtomic("x", new Uint8Array(1))).rejects.toThrow(/saveToOpfs/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("openFile", () => {
  it("reads pieces", async () => {
    writeFileSync(path, Uint8Array.of(10, 11, 12, 13));
    const file = await openFile(path);
    expect(file.size).toBe(4);
    expect([...(await file.read(1, 3))]).toEqual([11, 12]);
    expect([...(await file.read(2, 2))]).toEqual([]);
    await file.close();
  });

  it("refuses to run past an end that moved", async () => {
    writeFileSync(path, new Uint8Array(4));
    const file = await openFile(path);
    writeFileSync(path, new Uint8Array(2));
    await expect(file.read(0, 4)).rejects.toThrow("the file became shorter while it was read");
    await file.close();
  });

  it.each([
    ["a missing file", "nothing", /load: no such file or folder; got ENOENT for .*nothing/],
    ["a folder", "folder", /load: this is not a file; got EISDIR for .*folder/],
  ])("names %s", async (_, name, message) => {
    mkdirSync(join(folder, "folder"));
    await expect(openFile(join(folder, name), "load")).rejects.toThrow(message);
  });
});
