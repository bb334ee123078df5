import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { usedNames } from "../../scripts/bundleSize.ts";
import { unpackInto } from "../../scripts/unpack.ts";

const folder = mkdtempSync(join(tmpdir(), "tapegrad-scripts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("unpacks a brotli tar archive whole, once, also when asked twice at once", async () => {
  const source = join(folder, "source");
  mkdirSync(join(source, "lib"), { recursive: true });
  writeFileSync(join(source, "lib", "a.txt"), "a".repeat(1000));
  writeFileSync(join(source, "empty"), "");
  const tar = execFileSync("tar", ["--format=ustar", "-C", source, "-cf", "-", "lib", "empty"]);
  const archive = join(folder, "files.tar.br");
  writeFileSync(archive, brotliCompressSync(tar));
  const target = join(folder, "target");
  await Promise.all([unpackInto(target, [archive]), unpackInto(target, [archive])]);
  expect(readFileSync(join(target, "lib", "a.txt"), "utf8")).toBe("a".repeat(1000));
  expect(readFileSync(join(target, "empty"), "utf8")).toBe("");
});

test("an archive that is damaged leaves no folder behind", async () => {
  const archive = join(folder, "damaged.tar.br");
  writeFileSync(archive, "not brotli");
  const target = join(folder, "never");
  await expect(unpackInto(target, [archive])).rejects.toThrow();
  expect(existsSync(target)).toBe(false);
});

test("the size report names values only, and members of namespaces", async () => {
  const example = join(folder, "example");
  mkdirSync(example);
  writeFileSync(
    join(example, "main.ts"),
    'import { init, nn, Tensor, type Device } from "tapegrad";\n' +
      "init(); new nn.Linear(1, 2); new nn.ReLU(); Tensor.zeros([1]);\n",
  );
  expect(await usedNames([join(example, "main.ts")])).toEqual([
    "Tensor",
    "init",
    "nn.Linear",
    "nn.ReLU",
  ]);
});
