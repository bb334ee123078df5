import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

interface Content {
  type: string;
  body: string | Uint8Array;
}

const here = (path: string): URL => new URL(path, import.meta.url);
const uplotStyle = createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css");

/** Bundles the page and makes a server for it: the given paths, held in memory, and no others. */
export async function createPageServer(): Promise<Server> {
  const [main, worker, ...styles] = await Promise.all([
    bundle("main.ts"),
    bundle("worker.ts"),
    readFile(uplotStyle, "utf8"),
    readFile(here("../digits/look.css"), "utf8"),
    readFile(here("page.css"), "utf8"),
  ]);
  const script = "text/javascript; charset=utf-8";
  const contents = new Map<string, Content>([
    ["/", { type: "text/html; charset=utf-8", body: await readFile(here("index.html")) }],
    ["/main.js", { type: script, body: main }],
    ["/worker.js", { type: script, body: worker }],
    ["/style.css", { type: "text/css; charset=utf-8", body: styles.join("\n") }],
    ["/digits.safetensors", await dataFile("digits.safetensors")],
  ]);
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const found = contents.get(pathname);
    response.writeHead(found ? 200 : 404, { "content-type": found?.type ?? "text/plain" });
    response.end(found?.body ?? `There is nothing at ${pathname}.`);
  });
}

async function dataFile(name: string): Promise<Content> {
  return { type: "application/octet-stream", body: await readFile(here(`../data/${name}`)) };
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(here(entry))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    sourcemap: "inline",
    charset: "utf8",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}
