import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { build } from "esbuild";

const HOST = "127.0.0.1";

export interface Content {
  type: string;
  body: string;
}

export const html = "text/html; charset=utf-8";
export const script = "text/javascript; charset=utf-8";
export const css = "text/css; charset=utf-8";

/** A server of the given paths, held in memory, and of no others. */
export function createSite(contents: ReadonlyMap<string, Content>): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const found = contents.get(pathname);
    response.writeHead(found ? 200 : 404, { "content-type": found?.type ?? "text/plain" });
    response.end(found?.body ?? `There is nothing at ${pathname}.`);
  });
}

/** A TypeScript entry with all that it imports, as one script for browsers. */
export async function bundle(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
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

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("Allowed are whole numbers from 0 (any free port) to 65535.");
}

/** Serves a page until it is ended, on the port that the command line asks for. */
export async function servePage(
  name: string,
  description: string,
  create: () => Promise<Server>,
): Promise<void> {
  const command = new Command(`npm run ${name} --`)
    .description(description)
    .option("--port <n>", "port on this machine", port, 8080)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists the options)")
    .parse();
  const wanted = command.opts<{ port: number }>().port;
  const server = await create();
  server.on("error", (error: NodeJS.ErrnoException) => {
    const busy = error.code === "EADDRINUSE";
    const mend = busy ? "Choose another with --port, or 0 for any free one." : "";
    console.error(`page: port ${wanted} cannot be used; got ${error.code}. ${mend}`);
    process.exitCode = 1;
  });
  server.listen(wanted, HOST, () => {
    const { port: used } = server.address() as AddressInfo;
    console.log(`Open http://${HOST}:${used}/ in Chrome; Ctrl+C ends the server.`);
  });
}
