import { describe, expect, it } from "vitest";
import { type Json, JsonError, parseStrictJson } from "../../src/io/strictJson.ts";
import { randomOf } from "./bytes.ts";

/** The plain value, to compare with JSON.parse. */
function plain(value: Json): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry.value)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return value.kind === "number" ? Number(value.text) : value.value;
}

describe("parseStrictJson", () => {
  it.each([
    "{}",
    "[]",
    ' { "a" : [ 1 , -2.5e3 , true , false , null , "x\\n\\u00e9\\"\\\\" ] } \n',
    '{"a":{"b":{"c":[[],{}]}},"d":0}',
  ])("reads %s as JSON.parse does", (text) => {
    expect(plain(parseStrictJson(text))).toEqual(JSON.parse(text));
  });

  it.each([
    "",
    "{",
    "[1,]",
    '{"a"}',
    '{"a":1,}',
    "01",
    "1.",
    "-",
    "+1",
    "tru",
    "nul",
    "'a'",
    '"a',
    '"\\x"',
    '"\\',
    '"\t"',
    "[1 2]",
    "{1:2}",
    "NaN",
    "Infinity",
    "undefined",
    "//",
    "\u00a0{}",
  ])("refuses %s", (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parseStrictJson(text)).toThrow(JsonError);
  });

  it("refuses a repeated key, however it is written", () => {
    expect(() => parseStrictJson('{"a":1,"\\u0061":2}')).toThrow('the key "a" repeats');
  });

  it("agrees with JSON.parse on random edits of a text", () => {
    const text = '{"a":[1,-2.5e3,true],"b":{"c":"x\\n","d":null}}';
    const random = randomOf(2);
    const letters = '{}[]",:\\ \n0123456789.-+eEtrufalsnx';
    for (let round = 0; round < 5000; round++) {
      const at = Math.floor(random() * text.length);
      const letter = letters[Math.floor(random() * letters.length)]!;
      const edited = text.slice(0, at) + letter + text.slice(at + (random() < 0.5 ? 1 : 0));
      expect(
        attempt(() => plain(parseStrictJson(edited))),
        edited,
      ).toEqual(attempt(() => JSON.parse(edited)));
    }
  });
});

function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonError) return "refused";
    throw error;
  }
}
