// Copies the golden cases that pass, with their tensors, for the project's own tests:
//   node --import tsx scripts/oracle/subset.ts FROM TO
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { init, ValueError } from "../../src/index.ts";
import { serializeSafetensors } from "../../src/io/index.ts";
import {
  casesOf,
  isList,
  isObject,
  type Json,
  type JsonObject,
  readSuites,
  type Suite,
} from "./golden.ts";
import { type Outcome, runSuites } from "./run.ts";

/** All texts inside a value: those that name tensors are among them. */
function texts(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  if (isList(value)) return value.flatMap(texts);
  return isObject(value) ? Object.values(value).flatMap(texts) : [];
}

/** The suite's content without the cases that do not pass; null when none is left. */
function kept(suite: Suite, passed: ReadonlySet<string>): JsonObject | null {
  if (!isList(suite.content.cases)) return passed.size > 0 ? suite.content : null;
  const found = casesOf(suite).filter(({ name }) => passed.has(String(name)));
  if (found.length === 0) return null;
  // Headers that cases share have names of their own kind.
  const shared = casesOf(suite).filter(({ name }) => String(name).startsWith("_"));
  const { note } = suite.content;
  const about = note === undefined ? {} : { note };
  return { suite: suite.content.suite, ...about, cases: [...shared, ...found] };
}

function write(folder: string, suite: Suite, outcomes: readonly Outcome[]): void {
  const own = outcomes.filter((o) => o.suite === suite.name && o.verdict === "passed");
  const content = kept(suite, new Set(own.map((o) => o.name)));
  if (content === null) return;
  writeFileSync(join(folder, `${suite.name}.json`), `${JSON.stringify(content)}\n`);
  const used = new Set(texts(content));
  const tensors = [...suite.tensors].filter(([name]) => used.has(name));
  if (tensors.length === 0) return;
  writeFileSync(join(folder, `${suite.name}.safetensors`), serializeSafetensors(tensors));
}

async function main(): Promise<void> {
  const [from, to] = process.argv.slice(2);
  if (from === undefined || to === undefined) {
    throw new ValueError("subset: two folders are needed; got fewer. Use FROM TO.");
  }
  const suites = readSuites(from);
  const open = () => init({ device: "cpu", precision: "float64" });
  const outcomes: Outcome[] = [];
  for await (const outcome of runSuites(suites, open)) outcomes.push(outcome);
  mkdirSync(to, { recursive: true });
  for (const suite of suites) write(to, suite, outcomes);
}

await main();
