import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findDeno } from "../../scripts/findDeno.ts";
import { resultMark } from "./resultMark.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const printer = fileURLToPath(new URL("programs/printResult.ts", import.meta.url));
const execute = promisify(execFile);

/** Runs `file` in Deno: a module that exports `run(argument)`.
 *  @param argument anything that JSON holds
 *  @returns what `run` resolves to, as it comes through JSON
 *  @throws Error with Deno's output when the program fails or `run` rejects */
export async function runInDeno<Result>(file: string, argument?: unknown): Promise<Result> {
  const args = argument === undefined ? [] : [JSON.stringify(argument)];
  const { stdout, stderr } = await execute(
    findDeno(root),
    ["run", "-A", "--no-check", printer, file, ...args],
    { cwd: root, timeout: 600_000, maxBuffer: 1 << 28 },
  );
  const line = stdout.split("\n").find((text) => text.startsWith(resultMark));
  if (line === undefined) throw new Error(`${file} gave no result in Deno:\n${stdout}${stderr}`);
  return JSON.parse(line.slice(resultMark.length)) as Result;
}
