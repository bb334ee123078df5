import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RecordStore } from "./platform.ts";
import { cacheFolder } from "./softwareDrivers.ts";

/** How long one process waits for another's lock before it asks again, in milliseconds. */
const PAUSE = 10;
/** A lock this old was left by a process that died: writing a record takes a few milliseconds. */
const STALE = 5000;

/** Records as files of the cache folder. */
export const openFileRecords = (folder = join(cacheFolder(), "tuning")): RecordStore => {
  const place = (name: string): string => join(folder, `${name}.json`);
  return {
    place,
    read: (name) => readOrNull(place(name)),
    update: (name, merge) =>
      locked(place(name), async (path) => writeWhole(path, merge(await readOrNull(path)))),
  };
};

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? "";

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** At every moment the whole old text or the whole new one is there. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Lets one process at a time read, merge and write: a file beside it is the lock. */
async function locked(path: string, work: (path: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  while (!(await take(lock))) await new Promise((done) => setTimeout(done, PAUSE));
  try {
    await work(path);
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx")).close();
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  if (await isStale(lock)) await rm(lock, { force: true });
  return false;
}

async function isStale(lock: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs > STALE;
  } catch (error) {
    // It was given back a moment ago.
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
