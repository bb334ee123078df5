import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Runtimes that load the package's modules themselves, where pages have a bundler. */
const RUNTIMES = ["node", "deno"] as const;

/**
 * Puts the hundreds of modules of dist/ into a few files for each runtime: Node takes six times as
 * long to find and open them one by one. What loads later, such as the cpu device, stays apart.
 */
export async function bundleForRuntimes(dist: string): Promise<void> {
  const entry = join(dist, "src", "index.js");
  for (const runtime of RUNTIMES) {
    await build({
      entryPoints: [entry],
      outdir: join(dist, runtime),
      bundle: true,
      splitting: true,
      // Names stay, so that traces of errors can be read.
      minifySyntax: true,
      minifyWhitespace: true,
      format: "esm",
      target: "es2022",
      platform: "node",
      conditions: [runtime],
      packages: "external",
      tsconfigRaw: {},
      logLevel: "error",
    });
  }
  const [all, bundled] = await Promise.all(
    [entry, join(dist, "node", "index.js")].map((file) => import(pathToFileURL(file).href)),
  );
  const missing = Object.keys(all).filter((name) => !(name in bundled));
  if (missing.length > 0) throw new Error(`dist/node lacks ${missing}. See scripts/runtimes.ts.`);
}
