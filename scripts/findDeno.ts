import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

function platformPackage(): string {
  const libc = process.platform === "linux" ? "-glibc" : "";
  return `${process.platform}-${process.arch}${libc}`;
}

/** Path of npm's Deno in the checkout `root`, else the Deno on PATH. */
export function findDeno(root: string): string {
  const name = process.platform === "win32" ? "deno.exe" : "deno";
  const own = join(root, "node_modules", "@deno", platformPackage(), name);
  if (existsSync(own)) return own;
  if (spawnSync("deno", ["--version"]).status === 0) return "deno";
  throw new Error("Deno is not installed. Run npm ci, or install Deno and put it on PATH.");
}
