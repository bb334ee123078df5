// A side as a process: requests come as lines of JSON, and go back as lines of JSON.
import process from "node:process";
import { createInterface } from "node:readline";
import type { Reply, Request } from "./protocol.ts";
import type { Side } from "./side.ts";
import { Worker } from "./worker.ts";

/** Serves a side until the input ends. Everything a framework prints goes to the errors. */
export async function serve(side: Side): Promise<void> {
  for (const name of ["log", "info", "warn", "debug"] as const) console[name] = console.error;
  const worker = new Worker(side);
  const reply = (message: Reply) => process.stdout.write(`${JSON.stringify(message)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      reply({ ok: await worker.answer(JSON.parse(line) as Request) });
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      reply({ error: text.split("\n").slice(0, 3).join(" ") });
    }
  }
  process.exit(0);
}
