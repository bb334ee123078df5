import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, tensor, ValueError } from "tapegrad";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openFileRecords } from "../../src/gpu/platform/fileRecords.ts";
import { chosenDrivers, softwareDrivers } from "../../src/gpu/platform/softwareDrivers.ts";
import {
  readWinners,
  recordHash,
  recordName,
  type TunedAdapter,
  VERSION,
  writeWinners,
} from "../../src/gpu/tuner/records.ts";
import { registry } from "../../src/tensor/op.ts";
import { runInBrowser } from "../setup/browser.ts";
import type { Kept } from "./programs/databaseRecords.ts";
import { numbered } from "./tunerOp.ts";

registry.splice(
  registry.findIndex(({ name }) => name === "numbered"),
  1,
);

const ADAPTER: TunedAdapter = {
  vendor: "mesa",
  architecture: "",
  device: "0x0",
  description: "llvmpipe (LLVM 19, 256 bits)",
  backend: "Dawn in Node",
};
const OTHER = { ...ADAPTER, backend: "wgpu in Deno" };

let folder: string;
let warn: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-tune-"));
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("a record in a file", () => {
  it("comes back as it was written, and merges", async () => {
    const store = openFileRecords(folder);
    expect(await readWinners(store, ADAPTER)).toEqual({});
    await writeWinners(store, ADAPTER, { b: "1", a: "2" });
    await writeWinners(openFileRecords(folder), ADAPTER, { c: "3", a: "4" });
    expect(await readWinners(store, ADAPTER)).toEqual({ a: "4", b: "1", c: "3" });
    expect(readdirSync(folder)).toEqual([`${recordName(ADAPTER)}.json`]);
    const text = readFileSync(store.place(recordName(ADAPTER)), "utf8");
    expect(JSON.parse(text)).toMatchObject({ version: VERSION, adapter: ADAPTER });
    expect(warn).not.toHaveBeenCalled();
  });

  it("writers at the same time lose nothing", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `class ${i}`);
    const write = (name: string) => writeWinners(openFileRecords(folder), ADAPTER, { [name]: "x" });
    await Promise.all(names.map(write));
    const winners = await readWinners(openFileRecords(folder), ADAPTER);
    expect(Object.keys(winners).sort()).toEqual([...names].sort());
  });

  it("the lock of a process that died is broken", async () => {
    const store = openFileRecords(folder);
    const lock = `${store.place(recordName(ADAPTER))}.lock`;
    writeFileSync(lock, "");
    utimesSync(lock, 1, 1);
    await writeWinners(store, ADAPTER, { a: "1" });
    expect(await readWinners(store, ADAPTER)).toEqual({ a: "1" });
  });

  it("is each adapter's own", async () => {
    const store = openFileRecords(folder);
    await writeWinners(store, ADAPTER, { a: "1" });
    await writeWinners(store, OTHER, { a: "2" });
    expect(await readWinners(store, ADAPTER)).toEqual({ a: "1" });
    expect(await readWinners(store, OTHER)).toEqual({ a: "2" });
  });

  it.each([
    ["torn", '{ "version": "0.1'],
    ["of another version", JSON.stringify({ version: "0", adapter: ADAPTER, winners: {} })],
    ["of another adapter", JSON.stringify({ version: VERSION, adapter: OTHER, winners: {} })],
    ["no record", JSON.stringify({ version: VERSION, adapter: ADAPTER, winners: { a: 3 } })],
    ["empty", "null"],
  ])("one that is %s is ignored with a warning, then replaced", async (_, text) => {
    const store = openFileRecords(folder);
    const path = store.place(recordName(ADAPTER));
    writeFileSync(path, text);
    expect(await readWinners(store, ADAPTER)).toEqual({});
    expect(warn.mock.calls.join()).toContain(path);
    await writeWinners(store, ADAPTER, { a: "1" });
    expect(await readWinners(store, ADAPTER)).toEqual({ a: "1" });
  });

  it("that cannot be written is told of, and nothing fails", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await writeWinners(openFileRecords(join(file, "below")), ADAPTER, { a: "1" });
    expect(warn.mock.calls.join()).toMatch(/cannot be written.*this process only/);
  });
});

describe("the hash", () => {
  it("does not depend on order, and does on all else", () => {
    const hash = recordHash(ADAPTER, { a: "1", b: "2" });
    expect(hash).toMatch(/^[0-9a-f]{8}$/);
    expect(recordHash(ADAPTER, { b: "2", a: "1" })).toBe(hash);
    const others = [recordHash(ADAPTER, { a: "1", b: "3" }), recordHash(OTHER, { a: "1", b: "2" })];
    for (const other of others) expect(other).not.toBe(hash);
  });

  it("is of the package's version", () => {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    expect(JSON.parse(manifest).version).toBe(VERSION);
  });
});

describe("init", () => {
  // Records move to a folder of their own; the driver, which may lie in the old one, stays.
  beforeEach(async () => {
    await init({ device: "webgpu" });
    const driver = chosenDrivers() ?? softwareDrivers()[0]?.manifest;
    vi.stubEnv("VK_ICD_FILENAMES", driver);
    vi.stubEnv("TAPEGRAD_CACHE", folder);
  });

  const tuned = async () => numbered(tensor([1, 2, 3, 4]), { ways: ["one", "two"] }).data();

  it("off: nothing is read or written", async () => {
    const device = await init({ device: "webgpu", tune: "off" });
    await tuned();
    expect(device.tuning).toEqual({ mode: "off", hash: "", winners: {} });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("on, from the environment: what is timed is on record", async () => {
    vi.stubEnv("TAPEGRAD_TUNE", "on");
    const device = await init({ device: "webgpu" });
    await tuned();
    const { mode, winners, hash } = device.tuning;
    expect([mode, Object.keys(winners)]).toEqual(["on", ["ways 4 (one | two)"]]);
    const [file] = readdirSync(join(folder, "tuning"));
    const record = JSON.parse(readFileSync(join(folder, "tuning", file!), "utf8"));
    expect(record.winners).toEqual(winners);
    expect(recordHash(record.adapter, record.winners)).toBe(hash);
    // A later device of this process has the same winners from the start.
    expect((await init({ device: "webgpu" })).tuning).toEqual(device.tuning);
  });

  it("refuses what is no mode", async () => {
    await expect(init({ tune: "fast" as never })).rejects.toThrow(ValueError);
    vi.stubEnv("TAPEGRAD_TUNE", "yes");
    const wanted = 'init: unknown TAPEGRAD_TUNE "yes". Use "off", "on" or "full".';
    await expect(init({ device: "cpu" })).rejects.toThrow(wanted);
    expect((await init({ device: "cpu", tune: "full" })).tuning.mode).toBe("off");
  });
});

it("a browser keeps the record in IndexedDB", async () => {
  const program = fileURLToPath(new URL("programs/databaseRecords.ts", import.meta.url));
  const kept = await runInBrowser<Kept>(program);
  expect(kept).toMatchObject({ missing: null, merged: "abcd" });
  expect(Object.keys(kept.winners)).toEqual(["ways 4 (one | two)"]);
  expect(kept.record.winners).toEqual(kept.winners);
  expect(kept.hash).toMatch(/^[0-9a-f]{8}$/);
});
