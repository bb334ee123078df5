import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.ts";
import type { Report, Row } from "./report.ts";
import { newestResults } from "./results.ts";
import { figure } from "./tables.ts";

const begin = "<!-- benchmarks: written by npm run -s bench -- --readme -->";
const end = "<!-- /benchmarks -->";

/** What a reader of the README looks for; docs/benchmarks.md says where the rest is. */
const isShown = ({ name }: Row): boolean => !/^launches|^matmulOfHand|^addBandwidth/.test(name);

function line(row: Row): string {
  const peers = ["jax-js", "TensorFlow.js"].map((name) => figure(row.peers[name]));
  const ratio = row.ratio === null ? "-" : row.ratio.toFixed(1);
  const cells = [row.title, row.unit, figure(row.tapegrad), ...peers, figure(row.limit), ratio];
  return `| ${cells.join(" | ")} |`;
}

/** A table in Markdown, with the adapter, the date and the versions. */
export function markdown({ adapter, date, versions, cases }: Report): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `**${adapter}**, ${date}; ${used.join(", ")}`,
    "",
    "| case | unit | tapegrad | jax-js | TensorFlow.js | by hand | best peer / tapegrad |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ...cases.filter(isShown).map(line),
  ].join("\n");
}

/** Puts the tables between the marks.
 *  @throws Error when the text has no such marks */
export function withTables(text: string, reports: readonly Report[]): string {
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) {
    throw new Error(`bench: the README has no lines "${begin}" and "${end}". Put them back.`);
  }
  const tables = reports.map(markdown).join("\n\n");
  return `${text.slice(0, start)}${begin}\n\n${tables}\n\n${text.slice(stop)}`;
}

/** Fills the README from the newest result of each adapter. */
export function fillReadme(file: string, results: string): void {
  writeFileSync(file, withTables(readFileSync(file, "utf8"), newestResults(results)));
  // The linter wants columns of one width.
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  spawnSync(process.execPath, [biome, "format", "--write", file], { stdio: "inherit" });
}
