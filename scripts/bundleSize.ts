import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface BundleSize {
  /** What the example uses of tapegrad, e.g. "compile" and "nn.Linear". */
  names: string[];
  minified: number;
  gzipped: number;
  /** The modules that weigh most in the bundle. */
  largest: { file: string; bytes: number }[];
}

const importStatement = /import\s*\{([^}]*)\}\s*from\s*"(?:tapegrad|[^"]*\/src\/index\.ts)"/g;

/** The values that `source` imports from tapegrad; types weigh nothing. */
function importedNames(source: string): string[] {
  return [...source.matchAll(importStatement)]
    .flatMap((match) => match[1].split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0]);
}

/** A namespace of which only members are used counts as these members: a bundler drops the rest. */
function usesOf(name: string, source: string): string[] {
  const body = source.replace(importStatement, "");
  const members = [...body.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, "g"))].map((use) => use[1]);
  const isNamespace = /^[a-z]/.test(name) && members.length > 0;
  const alone = new RegExp(`\\b${name}\\b(?!\\.\\w)`).test(body);
  return isNamespace && !alone ? members.map((member) => `${name}.${member}`) : [name];
}

function sourcesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`${folder} is missing. Nothing can be measured.`);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

/** Everything that the example in `folder` uses of tapegrad, by name. */
export function usedNames(folder: string): string[] {
  const uses = sourcesIn(folder).flatMap((source) =>
    importedNames(source).flatMap((name) => usesOf(name, source)),
  );
  const names = [...new Set(uses)].sort();
  if (names.length === 0) {
    throw new Error(`${folder} imports nothing from "tapegrad". Nothing can be measured.`);
  }
  return names;
}

/** Bundles what the example in `folder` uses of the built package, as a page's bundler would. */
export async function measureBundle(root: string, folder: string): Promise<BundleSize> {
  const names = usedNames(folder);
  const imports = [...new Set(names.map((name) => name.split(".")[0]))];
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { ${imports} } from "tapegrad"; globalThis.used = [${names}];`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // The sources' own configuration maps "tapegrad" to them; here the built package counts.
    tsconfigRaw: {},
  });
  const { contents } = outputFiles[0];
  const largest = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
    .sort((a, b) => b.bytes - a.bytes);
  return {
    names,
    minified: contents.length,
    gzipped: gzipSync(contents, { level: 9 }).length,
    largest: largest.slice(0, 8),
  };
}
