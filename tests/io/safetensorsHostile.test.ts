import { describe, expect, it } from "vitest";
import { FileFormatError } from "../../src/io/errors.ts";
import { parseSafetensors } from "../../src/io/safetensorsFormat.ts";
import { bytesOf, fileOf, headerOf } from "./bytes.ts";

const u8 = (name: string, begin: number, end: number, extra = "") =>
  `"${name}":{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]${extra}}`;

function errorOf(bytes: Uint8Array): FileFormatError {
  try {
    parseSafetensors(bytes, "evil.safetensors");
  } catch (error) {
    if (error instanceof FileFormatError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

function prefixOnly(length: bigint): Uint8Array {
  const file = new Uint8Array(16);
  new DataView(file.buffer).setBigUint64(0, length, true);
  return file;
}

const four = new Uint8Array(4);

describe("a hostile file", () => {
  it.each<[string, Uint8Array, RegExp, number]>([
    ["nothing", new Uint8Array(), /the file has 0 bytes/, 0],
    ["seven bytes", new Uint8Array(7), /the file has 7 bytes/, 7],
    ["a header beyond the file", prefixOnly(9n), /claims 9 bytes, but only 8 follow/, 0],
    ["a huge header", prefixOnly(2n ** 64n - 1n), /more than the allowed 100000000/, 0],
    ["no header", fileOf(""), /a JSON value was expected/, 8],
    ["bad UTF-8", fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /not UTF-8/, 10],
    ["cut UTF-8", fileOf(Uint8Array.of(0x7b, 0x22, 0xc3)), /not UTF-8/, 10],
    ["a byte-order mark", fileOf("\ufeff{}"), /a JSON value was expected/, 8],
    ["an array", fileOf("[]"), /not a JSON object/, 8],
    ["a space first", fileOf(" {}"), /not a JSON object that begins/, 8],
    ["two values", fileOf("{}{}"), /text follows/, 10],
    ["a name twice", fileOf(`{${u8("a", 0, 4)},${u8("a", 0, 4)}}`, four), /"a" repeats/, 61],
    [
      "an escaped twin",
      fileOf(`{${u8("a", 0, 4)},${u8("\\u0061", 0, 4)}}`, four),
      /"a" repeats/,
      61,
    ],
    ["a field twice", fileOf(`{${u8("a", 0, 4, ',"dtype":"I8"')}}`, four), /"dtype" repeats/, 60],
    ["a prototype twice", fileOf('{"__proto__":1,"__proto__":2}'), /"__proto__" repeats/, 23],
    ["a prototype", fileOf(`{${u8("__proto__", 0, 4)}}`, four), /key "__proto__", which no/, 9],
    ["a prototype's text", fileOf('{"__metadata__":{"__proto__":"p"}}'), /key "__proto__"/, 9],
    ["deep nesting", fileOf("[".repeat(100_000)), /nested deeper than 16/, 25],
    ["half a character", fileOf('{"\\ud800":1}'), /half a character/, 9],
    ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), /has no text under "a"/, 9],
    ["metadata that is a list", fileOf('{"__metadata__":[]}'), /not an object of texts/, 9],
    ["a tensor that is a text", fileOf('{"x":"y"}'), /not described by an object/, 9],
    ["an unknown field", fileOf(`{${u8("a", 0, 4, ',"z":1')}}`, four), /unknown field "z"/, 9],
    ["no dtype", fileOf('{"x":{"shape":[],"data_offsets":[0,0]}}'), /has no dtype/, 9],
    [
      "an unknown dtype",
      fileOf(headerOf("F12", "[1]", "[0,4]"), four),
      /"F12", which is not one/,
      9,
    ],
    ["a dtype of a prototype", fileOf(headerOf("toString", "[]", "[0,0]")), /"toString", which/, 9],
    ["a negative size", fileOf(headerOf("F32", "[-1]", "[0,4]"), four), /shape with -1/, 9],
    ["half a size", fileOf(headerOf("F32", "[0.5]", "[0,4]"), four), /shape with 0.5/, 9],
    ["an exponent", fileOf(headerOf("F32", "[1e0]", "[0,4]"), four), /shape with 1e0/, 9],
    ["a size as text", fileOf(headerOf("F32", '["1"]', "[0,4]"), four), /shape with something/, 9],
    ["an enormous size", fileOf(headerOf("F32", "[9007199254740993]", "[0,4]"), four), /whole/, 9],
    [
      "a product that overflows",
      fileOf(headerOf("U8", "[4294967296,4294967296]", "[0,4]"), four),
      /size overflows/,
      9,
    ],
    [
      "an overflow hidden by a zero",
      fileOf(headerOf("U8", "[4294967296,4294967296,0]", "[0,0]")),
      /size overflows/,
      9,
    ],
    ["reversed offsets", fileOf(headerOf("F32", "[1]", "[4,0]"), four), /reversed/, 9],
    ["one offset", fileOf(headerOf("F32", "[1]", "[0]"), four), /1 data_offsets instead of 2/, 9],
    ["an end past the file", fileOf(headerOf("F32", "[2]", "[0,8]"), four), /has only 4 bytes/, 9],
    ["fewer bytes than the shape", fileOf(headerOf("F32", "[2]", "[0,4]"), four), /takes 8/, 9],
    ["an overlap", fileOf(`{${u8("a", 0, 3)},${u8("b", 2, 4)}}`, four), /"b" overlaps/, 115],
    ["a hole", fileOf(`{${u8("a", 0, 1)},${u8("b", 2, 4)}}`, four), /no tensor covers/, 114],
    ["a hole first", fileOf(`{${u8("a", 1, 4)}}`, four), /no tensor covers/, 61],
    ["trailing bytes", fileOf(`{${u8("a", 0, 3)}}`, four), /1 bytes follow the last/, 64],
    ["a bool of 2", fileOf(headerOf("BOOL", "[2]", "[0,2]"), Uint8Array.of(1, 2)), /holds 2/, 64],
    [
      "an I64 out of range",
      fileOf(headerOf("I64", "[1]", "[0,8]"), bytesOf(BigInt64Array.of(2n ** 31n))),
      /holds 2147483648, which is out of range for int32/,
      62,
    ],
    [
      "an F64 out of range",
      fileOf(headerOf("F64", "[1]", "[0,8]"), bytesOf(Float64Array.of(1e300))),
      /holds 1e\+300, which is out of range for float32/,
      62,
    ],
  ])("with %s is refused", (_, bytes, message, byteOffset) => {
    const error = errorOf(bytes);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`got evil.safetensors at byte ${error.byteOffset}`);
    expect(error.byteOffset).toBe(byteOffset);
  });

  it("with a name of many megabytes does not exhaust the stack", () => {
    const name = "n".repeat(20_000_000);
    expect(errorOf(fileOf(`{"${name}":1}`)).message).toContain("not described by an object");
  });

  it("counts bytes, not characters", () => {
    expect(errorOf(fileOf('{"äöü":{"dtype":1}}')).byteOffset).toBe(9);
    expect(errorOf(fileOf('{"__metadata__":{"k":"äöü"},}')).byteOffset).toBe(8 + 31);
  });
});
