import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Examples } from "../digits/datasets.ts";
import { readSplit } from "../digits/readSplit.ts";
import type { SplitText } from "./messages.ts";

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
    ["/digits.json", { type: "application/json", body: await digits() }],
  ]);
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const found = contents.get(pathname);
    response.writeHead(found ? 200 : 404, { "content-type": found?.type ?? "text/plain" });
    response.end(found?.body ?? `There is nothing at ${pathname}.`);
  });
}

/** Read here, so that the page needs no reader of safetensors. */
async function digits(): Promise<string> {
  const file = "digits.safetensors";
  const { train, test, features } = readSplit(await readFile(here(`../data/${file}`)), file);
  const text = ({ x, y }: Examples) => ({ x: Array.from(x), y: Array.from(y) });
  const split: SplitText = { train: text(train), test: text(test), features };
  return JSON.stringify(split);
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
