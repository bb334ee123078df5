import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { Examples } from "../digits/datasets.ts";
import { readSplit } from "../digits/readSplit.ts";
import type { SplitText } from "./messages.ts";
import { bundle, createSite, css, html, script } from "./site.ts";

const here = (path: string): URL => new URL(path, import.meta.url);
const uplotStyle = createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css");

/** Bundles the page and makes a server for it. */
export async function createPageServer(): Promise<Server> {
  const [main, worker, ...styles] = await Promise.all([
    bundle(here("main.ts")),
    bundle(here("worker.ts")),
    readFile(uplotStyle, "utf8"),
    readFile(here("../digits/look.css"), "utf8"),
    readFile(here("page.css"), "utf8"),
  ]);
  const contents = new Map([
    ["/", { type: html, body: await readFile(here("index.html"), "utf8") }],
    ["/main.js", { type: script, body: main }],
    ["/worker.js", { type: script, body: worker }],
    ["/style.css", { type: css, body: styles.join("\n") }],
    ["/digits.json", { type: "application/json", body: await digits() }],
  ]);
  return createSite(contents);
}

/** Read here, so that the page needs no reader of safetensors. */
async function digits(): Promise<string> {
  const file = "digits.safetensors";
  const { train, test, features } = readSplit(await readFile(here(`../data/${file}`)), file);
  const text = ({ x, y }: Examples) => ({ x: Array.from(x), y: Array.from(y) });
  const split: SplitText = { train: text(train), test: text(test), features };
  return JSON.stringify(split);
}
