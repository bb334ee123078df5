// Runs the exported `run` of the module named first and prints its result as JSON, on a line of
// its own after a mark: whatever else the program prints stays apart.
import process from "node:process";
import { pathToFileURL } from "node:url";
import { resultMark } from "../resultMark.ts";

const [file, argument] = process.argv.slice(2);
const program = (await import(pathToFileURL(file).href)) as {
  run(argument: unknown): Promise<unknown>;
};
const result = await program.run(argument === undefined ? undefined : JSON.parse(argument));
console.log(`${resultMark}${JSON.stringify(result ?? null)}`);
