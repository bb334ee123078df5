import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

export interface BundleSize {
  /** What the example uses of tapegrad, e.g. "compile" and "nn.Linear". */
  names: string[];
  minified: number;
  gzipped: number;
  /** Gzipped bytes of what `init` loads besides, by the device that it opens. */
  devices: { webgpu: number; cpu: number };
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

/** The example's sources that reach the browser: what its entries import, but for packages. */
async function sourcesOf(entries: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [...entries],
    bundle: true,
    write: false,
    metafile: true,
    outdir: "sources",
    packages: "external",
    loader: { ".css": "empty", ".safetensors": "empty" },
    tsconfigRaw: {},
    logLevel: "error",
  });
  return Object.keys(metafile.inputs).map((file) => readFileSync(file, "utf8"));
}

/** Everything that the example behind these entries uses of tapegrad, by name. */
export async function usedNames(entries: readonly string[]): Promise<string[]> {
  const sources = await sourcesOf(entries);
  const uses = sources.flatMap((source) =>
    importedNames(source).flatMap((name) => usesOf(name, source)),
  );
  const names = [...new Set(uses)].sort();
  if (names.length === 0) {
    throw new Error(`${entries} import nothing from "tapegrad". Nothing can be measured.`);
  }
  return names;
}

/** Bundles what the example uses of the built package, as a page's bundler would. */
export async function measureBundle(root: string, entries: readonly string[]): Promise<BundleSize> {
  const names = await usedNames(entries);
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
    splitting: true,
    outdir: "bundle",
    // The sources' own configuration maps "tapegrad" to them; here the built package counts.
    tsconfigRaw: {},
  });
  const loaded = loadedBy(metafile.outputs, "<stdin>");
  const filesOf = (chunks: ReadonlySet<string>) =>
    outputFiles.filter(({ path }) => chunks.has(basename(path)));
  const parts = filesOf(loaded);
  const largest = Object.entries(metafile.outputs)
    .filter(([path]) => loaded.has(basename(path)))
    .flatMap(([, { inputs }]) => Object.entries(inputs))
    .map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
    .sort((a, b) => b.bytes - a.bytes);
  const sum = (size: (contents: Uint8Array) => number, files: typeof outputFiles) =>
    files.reduce((total, { contents }) => total + size(contents), 0);
  const zipped = (contents: Uint8Array) => gzipSync(contents, { level: 9 }).length;
  const besides = (module: string): number => {
    const chunks = loadedBy(metafile.outputs, `dist/${module}`);
    for (const chunk of loaded) chunks.delete(chunk);
    return sum(zipped, filesOf(chunks));
  };
  return {
    names,
    minified: sum((contents) => contents.length, parts),
    gzipped: sum(zipped, parts),
    devices: { webgpu: besides("src/webgpu.js"), cpu: besides("src/cpu/device.js") },
    largest: largest.slice(0, 8),
  };
}

type Outputs = Metafile["outputs"];

/** The chunks that come with a module: what it imports statically. */
function loadedBy(outputs: Outputs, module: string): Set<string> {
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint === module);
  if (entry === undefined) throw new Error(`${module} is no entry of the bundle.`);
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(basename(path))) return;
    loaded.add(basename(path));
    for (const { path: next, kind } of outputs[path].imports) {
      if (kind === "import-statement") visit(next);
    }
  };
  visit(entry);
  return loaded;
}
