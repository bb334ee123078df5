import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  FileFormatError,
  init,
  loadNpy,
  parseNpy,
  StorageError,
  saveNpy,
  serializeNpy,
  tensor,
  ValueError,
} from "tapegrad";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoredTensor } from "../../src/io/safetensorsFormat.ts";
import { randomOf } from "./bytes.ts";

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/npy/${name}.npy`, import.meta.url)));
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

/** File, dtype, shape and elements. */
const files: [string, string, number[], number[]][] = [
  ["f4", "float32", [2, 3], [1.5, -2, Infinity, -0, 2 ** -149, Math.fround(3.4e38)]],
  ["f8", "float32", [3], [Math.fround(0.1), -0, Math.fround(3.4e38)]],
  ["f2", "float32", [4], [1.5, -65504, 2 ** -24, Number.NaN]],
  ["i8", "int32", [3], [-(2 ** 31), 2 ** 31 - 1, 0]],
  ["i4", "int32", [2, 1], [-5, 7]],
  ["i2", "int32", [2], [-32768, 32767]],
  ["i1", "int32", [2], [-128, 127]],
  ["u8", "uint32", [1], [2 ** 32 - 1]],
  ["u4", "uint32", [2], [2 ** 32 - 1, 0]],
  ["u2", "int32", [1], [65535]],
  ["u1", "int32", [2], [0, 255]],
  ["bool", "bool", [3], [1, 0, 1]],
  ["scalar", "float32", [], [0.25]],
  ["empty", "float32", [0, 3], []],
  ["fortran", "float32", [2, 3, 4], count(24)],
  ["version2", "int32", [2, 3, 4], count(24)],
  ["version3", "int32", [2, 3, 4], count(24)],
];

describe("a file of NumPy", () => {
  it.each(files)("%s is read", (name, dtype, shape, elements) => {
    const found = parseNpy(golden(name), name);
    expect([found.dtype, found.shape, [...found.data]]).toEqual([dtype, shape, elements]);
  });

  it("keeps doubles and halves where asked to", () => {
    const wide = parseNpy(golden("f8"), "f8", { float64: "keep" });
    expect([...wide.data]).toEqual([0.1, -1e-300, 3.4e38]);
    expect(parseNpy(golden("f2"), "f2", { float16: "keep" }).dtype).toBe("float16");
  });

  it.each(["f4", "i4", "u4", "bool", "scalar", "empty"])("%s is written as NumPy does", (name) => {
    expect(serializeNpy(parseNpy(golden(name), name))).toEqual(golden(name));
  });

  it.each(["f8", "f2"])("%s is written as NumPy does, where it was kept", (name) => {
    const options = { float64: "keep", float16: "keep" } as const;
    expect(serializeNpy(parseNpy(golden(name), name, options))).toEqual(golden(name));
  });
});

const text = (header: string, data = 4): Uint8Array => {
  const bytes = new TextEncoder().encode(`\u0000NUMPY\u0001\u0000\u0000\u0000${header}`);
  const file = new Uint8Array(bytes.length + data);
  file.set(bytes);
  file[0] = 0x93;
  new DataView(file.buffer).setUint16(8, header.length, true);
  return file;
};
const entry = (descr = "'<f4'", order = "False", shape = "(1,)") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}}`;
const changed = (name: string, at: number, ...bytes: number[]) => {
  const file = golden(name);
  file.set(bytes, at);
  return file;
};

function errorOf(bytes: Uint8Array): FileFormatError {
  try {
    parseNpy(bytes, "evil.npy");
  } catch (error) {
    if (error instanceof FileFormatError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

describe("a hostile npy file", () => {
  it.each<[string, Uint8Array, RegExp, number]>([
    ["nothing", new Uint8Array(), /does not begin/, 0],
    ["half a magic", golden("f4").slice(0, 4), /does not begin/, 4],
    ["another magic", changed("f4", 3, 0x4e), /does not begin/, 3],
    ["no version", golden("f4").slice(0, 7), /has 7 bytes, fewer than the 10/, 7],
    ["an unknown version", changed("f4", 6, 4), /version is 4.0/, 6],
    ["a minor version", changed("f4", 7, 1), /version is 1.1/, 6],
    ["a header beyond the file", changed("f4", 8, 0xff, 0xff), /claims 65535 bytes/, 8],
    ["a huge header", changed("version2", 8, 255, 255, 255, 255), /claims 4294967295/, 8],
    ["no header", text(""), /"{" was expected/, 10],
    ["a control character", text("{\u0000}"), /no ASCII/, 11],
    ["a key twice", text("{'descr': '<f4', 'descr': '<f4'}"), /"descr" repeats/, 27],
    ["a prototype", text("{'__proto__': True}"), /"__proto__" is unknown/, 11],
    ["a missing key", text("{'descr': '<f4', }"), /"fortran_order" is missing/, 10],
    ["text after it", text(`${entry()} x`), /text follows/, 66],
    ["code", text(entry("__import__('os')")), /a text, a truth value or a tuple/, 20],
    ["an escape", text(entry("'<f4\\x'")), /a text, a truth value/, 20],
    ["big-endian elements", golden("bigEndian"), />f4" is not one of <f8/, 20],
    ["complex elements", golden("complex"), /"<c8" is not one of/, 20],
    ["text elements", golden("text"), /"<U2" is not one of/, 20],
    ["a structure", golden("structured"), /type of a structure is not one of/, 20],
    ["pickled objects", golden("object"), /"\|O" is not one of/, 20],
    ["a list that does not end", text(entry("[[")), /a list does not end/, 62],
    ["a type of a prototype", text(entry("'toString'")), /"toString" is not/, 20],
    ["an order that is a text", text(entry("'<f4'", "'no'")), /no truth value/, 44],
    ["a shape that is a text", text(entry("'<f4'", "False", "'1'")), /no tuple/, 60],
    ["a negative size", text(entry("'<f4'", "False", "(-1,)")), /not a whole number/, 61],
    ["a size too large", text(entry("'<f4'", "False", "(9007199254740993,)")), /be held/, 61],
    ["a tuple without its comma", text(entry("'<f4'", "False", "(1)")), /no comma/, 62],
    ["an overflow", text(entry("'<f4'", "False", "(4294967296, 4294967296)")), /overflows/, 60],
    ["a hidden overflow", text(entry("'<f4'", "False", "(0, 4294967296, 4294967296)")), /over/, 60],
    ["65 axes", text(entry("'<f4'", "False", `(${"1, ".repeat(65)})`)), /65 axes/, 60],
    ["fewer bytes", golden("i4").slice(0, -1), /7 bytes follow, but <i4 \[2, 1\] takes 8/, 135],
    ["more bytes", text(entry(), 5), /5 bytes follow, but <f4 \[1\] takes 4/, 69],
    ["an i8 out of range", golden("tooLarge"), /holds 2147483648, which is out/, 136],
    ["an f8 out of range", golden("tooWide"), /holds 1e\+300, which is out/, 144],
    ["a bool of 2", changed("bool", 129, 2), /holds 2, which is out/, 129],
  ])("with %s is refused", (_, bytes, message, byteOffset) => {
    const error = errorOf(bytes);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`got evil.npy at byte ${error.byteOffset}`);
    expect(error.byteOffset).toBe(byteOffset);
  });

  it("at any length, and with bytes flipped, throws nothing else", () => {
    const whole = golden("fortran");
    for (let n = 0; n < whole.length; n++) errorOf(whole.slice(0, n));
    const random = randomOf(1);
    for (let round = 0; round < 3000; round++) {
      const damaged = whole.slice();
      for (let i = 0; i <= round % 3; i++) {
        const at = Math.floor(random() * 128);
        damaged[at] = damaged[at]! ^ (1 << Math.floor(random() * 8));
      }
      try {
        parseNpy(damaged, "damaged.npy");
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError);
      }
    }
  });

  it("that is huge is refused before its elements are touched", async () => {
    const header = text(entry("'<f4'", "False", "(999999999999,)"));
    await expect(loadNpy(new Blob([header as Uint8Array<ArrayBuffer>]))).rejects.toThrow(
      /4 bytes follow, but <f4 \[999999999999\] takes 3999999999996; got a Blob at byte/,
    );
  });
});

describe("loadNpy and saveNpy", () => {
  const folder = mkdtempSync(join(tmpdir(), "tapegrad-npy-"));
  const path = join(folder, "x.npy");
  beforeAll(async () => void (await init({ device: "cpu" })));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("carry tensors of every dtype", async () => {
    const tensors = [
      tensor([[1.5, -2]]),
      tensor([-3, 4], { dtype: "int32" }),
      tensor([7], { dtype: "uint32" }),
      tensor([true, false]),
      tensor(0.25, { dtype: "float16" }),
    ];
    for (const x of tensors) {
      await saveNpy(x, path);
      const copy = await loadNpy(path, { float16: "keep" });
      expect([copy.dtype, copy.shape, await copy.data()]).toEqual([
        x.dtype,
        x.shape,
        await x.data(),
      ]);
    }
    expect((await loadNpy(golden("fortran"))).shape).toEqual([2, 3, 4]);
  });

  it("say what they cannot read or write", async () => {
    await expect(loadNpy(join(folder, "none.npy"))).rejects.toThrow(StorageError);
    await expect(loadNpy(3 as never)).rejects.toThrow(/loadNpy: there is nothing to read from/);
    await expect(saveNpy([1] as never, path)).rejects.toThrow(/only a tensor can be saved/);
    const torn: StoredTensor = { dtype: "float32", shape: [3], data: new Float32Array(2) };
    expect(() => serializeNpy(torn)).toThrow(ValueError);
  });
});
