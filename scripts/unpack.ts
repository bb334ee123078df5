import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";

const decompress = promisify(brotliDecompress);
const blockSize = 512;

interface TarEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly mode: number;
  readonly content: Buffer;
}

const field = (header: Buffer, start: number, length: number): string =>
  header
    .toString("latin1", start, start + length)
    .replace(/\0.*$/s, "")
    .trim();

/** The entries of a ustar archive: a header block, then the content padded to whole blocks. */
function* tarEntries(archive: Buffer): Generator<TarEntry> {
  let offset = 0;
  while (offset + blockSize <= archive.length && archive[offset] !== 0) {
    const header = archive.subarray(offset, offset + blockSize);
    const size = Number.parseInt(field(header, 124, 12) || "0", 8);
    const content = archive.subarray(offset + blockSize, offset + blockSize + size);
    const type = field(header, 156, 1) || "0";
    const mode = Number.parseInt(field(header, 100, 8) || "644", 8);
    yield { name: normalize(field(header, 0, 100)), isFile: type === "0", mode, content };
    offset += blockSize + Math.ceil(size / blockSize) * blockSize;
  }
}

function writeEntry(folder: string, entry: TarEntry): void {
  if (!entry.isFile || entry.name.startsWith("..")) return;
  const path = join(folder, entry.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, entry.content);
  chmodSync(path, entry.mode & 0o777);
}

async function unpackOne(archive: string, folder: string): Promise<void> {
  const name = (archive.split(/[/\\]/).at(-1) ?? archive).replace(/\.br$/, "");
  const content = await decompress(await readFile(archive));
  if (name.endsWith(".tar")) {
    for (const entry of tarEntries(content)) writeEntry(folder, entry);
  } else {
    writeFileSync(join(folder, name), content, { mode: 0o755 });
  }
}

/** Unpacks brotli archives (`.tar.br`, or a single program `.br`) into `folder`, which appears
 *  whole or not at all: a second process at the same time sees no half of it. */
export async function unpackInto(folder: string, archives: readonly string[]): Promise<void> {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const half = mkdtempSync(join(dirname(folder), ".part-"));
  try {
    for (const archive of archives) await unpackOne(archive, half);
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another process was faster: its folder is as good.
    if (!existsSync(folder)) throw error;
  }
}
