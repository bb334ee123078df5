import { describe, expect, it } from "vitest";
import { KernelText } from "../../src/tensor/text.ts";

/** The module of a body over arrays b0, b1, … of vectors; the first is written. */
function moduleOf(body: string, arrays: number, blocks?: number): string {
  const text = new KernelText();
  for (let node = 0; node < arrays; node++) {
    text.array({ kind: "value", node }, "float32", 4, node === 0);
  }
  return text.module({ label: "k", workgroupSize: [1, 1, 1], workgroups: [1, 1, 1], body, blocks });
}

const at = (k: number) => `(i * 4u + ${k}u)`;

describe("arrays of a kernel that takes blocks of elements", () => {
  it("are declared in blocks where nothing else is named", () => {
    const module = moduleOf(`b0[${at(0)}] = b1[${at(0)}]; b0[${at(1)}] = b1[${at(1)}];`, 2, 4);
    expect(module).toContain("read_write> b0: array<array<vec4<f32>, 4>>;");
    expect(module).toContain("read> b1: array<array<vec4<f32>, 4>>;");
    expect(module).toContain("b0[i][0u] = b1[i][0u]; b0[i][1u] = b1[i][1u];");
  });

  it("stay as they are where another element is named, too", () => {
    const module = moduleOf(`b0[${at(0)}] = b1[${at(0)}] + b1[9u - i] + b2[${at(0)} + 1u];`, 3, 4);
    expect(module).toContain("b0: array<array<vec4<f32>, 4>>;");
    expect(module).toContain("b1: array<vec4<f32>>;");
    expect(module).toContain("b2: array<vec4<f32>>;");
    expect(module).toContain(`b0[i][0u] = b1[${at(0)}] + b1[9u - i] + b2[${at(0)} + 1u];`);
  });

  it("stay as they are where a kernel takes none, or others", () => {
    for (const blocks of [undefined, 2]) {
      const module = moduleOf(`b0[${at(0)}] = b1[${at(0)}];`, 2, blocks);
      expect(module).not.toContain("array<array");
      expect(module).toContain(`b0[${at(0)}] = b1[${at(0)}];`);
    }
  });
});
