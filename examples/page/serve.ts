// Serves a page that trains in the browser.
//   npm run page -- --port 8080
import type { AddressInfo } from "node:net";
import process from "node:process";
import { Command, InvalidArgumentError } from "commander";
import { createPageServer } from "./server.ts";

const HOST = "127.0.0.1";

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("Allowed are whole numbers from 0 (any free port) to 65535.");
}

const command = new Command("npm run page --")
  .description("Serves a page that trains a network on digits in your browser.")
  .option("--port <n>", "port on this machine", port, 8080)
  .allowExcessArguments(false)
  .showHelpAfterError("(--help lists the options)")
  .parse();
const wanted = command.opts<{ port: number }>().port;

const server = await createPageServer();
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
