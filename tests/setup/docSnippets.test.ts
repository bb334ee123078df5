import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import * as tapegrad from "tapegrad";
import { expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

/** The code of a page of docs, as one program. */
function programOf(page: string): string {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((m) => m[1]!);
  const code = blocks.join("\n").replace(/^import \{[^}]*\} from "tapegrad";$/gm, "");
  return code.replace(
    /^console\.log\((.*)\); \/\/ (.*)$/gm,
    (_, expression: string, printed: string) => `check(${expression}, ${JSON.stringify(printed)});`,
  );
}

/** The names that the page says it imports. */
const importsOf = (page: string): string[] =>
  [
    ...readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8").matchAll(
      /^import \{([^}]*)\}/gm,
    ),
  ]
    .flatMap((m) => m[1]!.split(",").map((name) => name.trim()))
    .filter((name) => name !== "" && !name.startsWith("type "));

const rounded = (x: unknown): unknown =>
  Array.isArray(x) ? x.map(rounded) : typeof x === "number" ? Number(x.toPrecision(6)) : x;

it("the snippets of docs/transforms.md print what they say", async () => {
  tapegrad.setDefaultDevice(new CpuDevice({ precision: "float64" }));
  const names = importsOf("transforms.md");
  const body = `return (async () => {${programOf("transforms.md")}})();`;
  const { code } = transformSync(`function run(){${body}}`, { loader: "ts" });
  let checked = 0;
  const check = (value: unknown, printed: string) => {
    checked++;
    expect(rounded(value)).toEqual(JSON.parse(printed));
  };
  const make = new Function("check", ...names, `${code}\nreturn run();`);
  await make(check, ...names.map((name) => Reflect.get(tapegrad, name)));
  // One that the formatter has broken over lines would not be checked.
  expect(body).not.toContain("console.log");
  expect(checked).toBeGreaterThan(15);
});
