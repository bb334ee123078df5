import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  parseSafetensors,
  type StoredTensor,
  serializeSafetensors,
} from "../../src/io/safetensorsFormat.ts";
import { bytesOf, fileOf, headerOf } from "./bytes.ts";

const weight: StoredTensor = {
  dtype: "float32",
  shape: [2, 3],
  data: Float32Array.of(1, -2, 3.5, Number.NaN, Number.POSITIVE_INFINITY, -0),
};
const labels: StoredTensor = { dtype: "int32", shape: [2], data: Int32Array.of(-5, 7) };
const counts: StoredTensor = { dtype: "uint32", shape: [], data: Uint32Array.of(4_000_000_000) };
const mask: StoredTensor = { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) };
const wide: StoredTensor = { dtype: "float32", shape: [1], data: Float64Array.of(0.1) };
const empty: StoredTensor = { dtype: "float32", shape: [0, 4], data: new Float32Array() };
const all = Object.entries({ weight, labels, counts, mask, wide, empty });

describe("serializeSafetensors", () => {
  it("gives back what it wrote, bit for bit", () => {
    const { tensors, metadata } = parseSafetensors(
      serializeSafetensors(all, { note: "ü \u{1F600}" }),
      "memory",
      { float64: "keep" },
    );
    expect(new Map(all)).toEqual(tensors);
    expect(metadata.note).toBe("ü \u{1F600}");
    expect(bytesOf(tensors.get("weight")!.data)).toEqual(bytesOf(weight.data));
  });

  it("gives the same bytes whatever the order of the tensors and of the metadata", () => {
    const one = serializeSafetensors(all, { a: "1", b: "2" });
    const other = serializeSafetensors([...all].reverse(), { b: "2", a: "1" });
    expect(one).toEqual(other);
  });

  it("lays every tensor out aligned to its element, widest first", () => {
    const file = serializeSafetensors(all);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    for (const [name, { data }] of all) {
      expect(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  it("writes an array that is a window of a larger buffer", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const file = serializeSafetensors([["x", { dtype: "float32", shape: [2], data }]]);
    expect(parseSafetensors(file, "memory").tensors.get("x")!.data).toEqual(Float32Array.of(2, 3));
  });

  it("writes a file without tensors", () => {
    expect(parseSafetensors(serializeSafetensors([]), "memory").tensors.size).toBe(0);
  });

  it.each<[string, [string, StoredTensor][], RegExp]>([
    ["a reserved name", [["__metadata__", labels]], /this name is reserved; got "__metadata__"/],
    [
      "one name twice",
      [
        ["a", labels],
        ["a", mask],
      ],
      /two tensors have one name; got "a"/,
    ],
    ["half a character", [["\ud800", labels]], /names and metadata must be texts/],
    ["too little data", [["a", { ...labels, shape: [3] }]], /2 elements do not fill \[3\]/],
    ["the wrong array", [["a", { ...labels, dtype: "float32" }]], /float32 in a Int32Array/],
  ])("refuses %s", (_, tensors, message) => {
    expect(() => serializeSafetensors(tensors)).toThrow(message);
  });
});

describe("parseSafetensors", () => {
  it.each<[string, Uint8Array, ArrayLike<number>]>([
    ["F64", bytesOf(Float64Array.of(0.5, -3)), Float32Array.of(0.5, -3)],
    [
      "F16",
      bytesOf(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x03ff, 0x7c00, 0x8000)),
      Float32Array.of(1, -2.5, 2 ** -24, 1023 * 2 ** -24, Number.POSITIVE_INFINITY, -0),
    ],
    [
      "BF16",
      bytesOf(Uint16Array.of(0x3f80, 0xc020, 0xff80)),
      Float32Array.of(1, -2.5, Number.NEGATIVE_INFINITY),
    ],
    [
      "I64",
      bytesOf(BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n)),
      Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    ],
    ["U64", bytesOf(BigUint64Array.of(2n ** 32n - 1n)), Uint32Array.of(2 ** 32 - 1)],
    ["I16", bytesOf(Int16Array.of(-32768, 5)), Int32Array.of(-32768, 5)],
    ["U16", bytesOf(Uint16Array.of(65535)), Int32Array.of(65535)],
    ["I8", bytesOf(Int8Array.of(-128, 127)), Int32Array.of(-128, 127)],
    ["U8", Uint8Array.of(255, 0), Int32Array.of(255, 0)],
    ["BOOL", Uint8Array.of(1, 0), Uint8Array.of(1, 0)],
  ])("reads %s", (dtype, data, expected) => {
    const header = headerOf(dtype, `[${expected.length}]`, `[0,${data.length}]`);
    const { tensors } = parseSafetensors(fileOf(header, data), "memory");
    expect(tensors.get("x")!.data).toEqual(expected);
  });

  it("reads every finite half as the number it stands for", () => {
    const halves = Uint16Array.from({ length: 0x7c00 }, (_, i) => i);
    const header = headerOf("F16", `[${halves.length}]`, `[0,${halves.byteLength}]`);
    const { data } = parseSafetensors(fileOf(header, bytesOf(halves)), "memory").tensors.get("x")!;
    halves.forEach((half) => {
      const exponent = half >> 10;
      const mantissa = half & 0x3ff;
      const value = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
      if (data[half] !== value) expect.fail(`half ${half} became ${data[half]}, not ${value}`);
    });
  });

  it("treats the names of prototypes as plain names", () => {
    const { tensors, metadata } = parseSafetensors(
      fileOf(
        '{"__metadata__":{"toString":"p"},' +
          '"valueOf":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},' +
          '"constructor":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}',
        Uint8Array.of(9),
      ),
      "memory",
    );
    expect([...tensors.keys()]).toEqual(["valueOf", "constructor"]);
    expect(Object.entries(metadata)).toEqual([["toString", "p"]]);
    expect(metadata.valueOf).toBeUndefined();
  });

  it("reads the bundled data sets", () => {
    const bytes = readFileSync(new URL("../../examples/data/digits.safetensors", import.meta.url));
    const { tensors } = parseSafetensors(bytes, "digits.safetensors");
    expect(tensors.get("X")!.shape).toEqual([1797, 64]);
    expect(tensors.get("y")!.data).toBeInstanceOf(Int32Array);
  });
});
