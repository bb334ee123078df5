import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { bundle, createSite, css, html, script } from "../page/site.ts";

/** Bundles the page and makes a server for it. */
export async function createPathsServer(): Promise<Server> {
  const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8");
  const looks = ["../digits/look.css", "../page/page.css", "page.css"];
  const contents = new Map([
    ["/", { type: html, body: await read("index.html") }],
    ["/page.js", { type: script, body: await bundle(new URL("page.ts", import.meta.url)) }],
    ["/style.css", { type: css, body: (await Promise.all(looks.map(read))).join("\n") }],
  ]);
  return createSite(contents);
}
