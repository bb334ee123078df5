// Starts a program of this checkout with everything it needs, on a machine that has only Node and
// npm (or Deno): packages first, then a WebGPU adapter, then the program.
//   node scripts/run.mjs FILE ARGS          runs FILE here
//   node scripts/run.mjs --deno FILE ARGS   runs FILE in npm's Deno
//   node scripts/run.mjs --vitest ARGS      runs the tests
// Plain JavaScript with built-ins only: it runs before any package is there.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensurePackages } from "./packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const inDeno = "Deno" in globalThis;

/** Lets Node import TypeScript; Deno does so by itself. */
async function allowTypeScript() {
  if (inDeno) return;
  const { register } = await import("tsx/esm/api");
  register();
  process.setSourceMapsEnabled(true);
}

/** Runs a program as this process, so that signals and the exit status are its own. */
async function runHere(file, args) {
  const path = fileURLToPath(new URL(file, pathToFileURL(`${process.cwd()}/`)));
  process.argv.splice(1, process.argv.length - 1, path, ...args);
  await import(pathToFileURL(path).href);
}

/** Runs a program as a child: signals go to it, its exit status comes back. */
function runChild(command, args) {
  const child = spawn(command, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(`tapegrad: ${command} does not start: ${error.message}.`);
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => {
    if (signal) process.removeAllListeners(signal);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

async function main(args) {
  const [first, ...rest] = args;
  if (!first) {
    console.error("Usage: node scripts/run.mjs [--deno] FILE [ARGS], or --vitest [ARGS]");
    process.exitCode = 2;
    return;
  }
  const cameJustNow = await ensurePackages(root);
  if (cameJustNow && inDeno) {
    // Deno looked for packages when it started; only a new process sees them.
    runChild(process.execPath, ["run", "-A", fileURLToPath(import.meta.url), ...args]);
    return;
  }
  await allowTypeScript();
  const { ensureAdapter } = await import("./provide.ts");
  await ensureAdapter();
  if (first === "--vitest") {
    runChild(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, "run", ...rest]);
  } else if (first === "--deno") {
    const { findDeno } = await import("./findDeno.ts");
    runChild(findDeno(root), ["run", "-A", ...rest]);
  } else {
    await runHere(first, rest);
  }
}

await main(process.argv.slice(2));
