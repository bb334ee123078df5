import { describe, expect, it } from "vitest";
import { FileFormatError } from "../../src/io/errors.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/io/safetensorsFormat.ts";
import { randomOf } from "./bytes.ts";

const whole = serializeSafetensors(
  [
    ["0.weight", { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["0.bias", { dtype: "float32", shape: [2], data: Float32Array.of(5, 6) }],
    ["count", { dtype: "int32", shape: [], data: Int32Array.of(7) }],
    ["mask", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ],
  { format: "tapegrad" },
);

/** Either the bytes are a valid file or the typed error says where they are not. */
function judge(bytes: Uint8Array): "valid" | "refused" {
  try {
    for (const { shape, data } of parseSafetensors(bytes, "file").tensors.values()) {
      expect(data.length).toBe(shape.reduce((product, length) => product * length, 1));
    }
    return "valid";
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error;
    expect(error.byteOffset).toBeGreaterThanOrEqual(0);
    expect(error.byteOffset).toBeLessThanOrEqual(bytes.length);
    return "refused";
  }
}

describe("a damaged file", () => {
  it("is refused at every length but its own", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(judge(whole.slice(0, length)), `${length} bytes`).toBe("refused");
    }
    expect(judge(whole)).toBe("valid");
    expect(judge(Uint8Array.of(...whole, 0))).toBe("refused");
  });

  it("with one byte changed in its prefix or header never throws anything else", () => {
    const headerEnd = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
    for (let at = 0; at < headerEnd; at++) {
      for (const value of [0, 0x20, 0x22, 0x2d, 0x30, 0x5c, 0x7b, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = value;
        judge(damaged);
      }
    }
  });

  it("with random bytes flipped never throws anything else", () => {
    const random = randomOf(1);
    const verdicts = { valid: 0, refused: 0 };
    for (let round = 0; round < 5000; round++) {
      const damaged = whole.slice();
      const flips = 1 + Math.floor(random() * 4);
      for (let i = 0; i < flips; i++) {
        const at = Math.floor(random() * damaged.length);
        damaged[at] = damaged[at]! ^ (1 << Math.floor(random() * 8));
      }
      verdicts[judge(damaged)]++;
    }
    expect(verdicts.refused).toBeGreaterThan(1000);
  });
});
