// Runs the golden cases of a folder and says what differs from PyTorch:
//   npm run -s oracle -- DIR [--device cpu|webgpu] [--suite NAME] [--only SUBSTRING]
import process from "node:process";
import { parseArgs } from "node:util";
import { init, ValueError } from "../src/index.ts";
import { readSuites } from "./oracle/golden.ts";
import { report } from "./oracle/report.ts";
import { count, type Outcome, runSuites } from "./oracle/run.ts";

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      device: { type: "string", default: "webgpu" },
      suite: { type: "string" },
      only: { type: "string" },
    },
  });
  const { device, suite, only } = values;
  const [folder] = positionals;
  if (folder !== undefined && positionals.length === 1) {
    if (device === "cpu" || device === "webgpu") return { device, suite, only, folder } as const;
  }
  throw new ValueError(
    `oracle: the arguments are a folder and options; got ${process.argv.slice(2).join(" ")}. ` +
      "Use DIR [--device cpu|webgpu] [--suite NAME] [--only SUBSTRING].",
  );
}

async function main(): Promise<void> {
  const { device: kind, folder, suite, only } = options();
  const suites = readSuites(folder, suite);
  let line = "";
  const open = async () => {
    const device = await init(
      kind === "cpu"
        ? { device: "cpu", precision: "float64" }
        : { device: "webgpu", limits: { quickStart: false } },
    );
    if (device.line !== line) console.log(device.line);
    line = device.line;
    return device;
  };
  const outcomes: Outcome[] = [];
  for await (const outcome of runSuites(suites, open, only === undefined ? {} : { only })) {
    outcomes.push(outcome);
    if (outcome.verdict !== "failed") continue;
    console.log(`FAILED ${outcome.suite}/${outcome.name}`);
    for (const note of outcome.notes) console.log(`  ${note}`);
  }
  console.log(report(outcomes));
  process.exitCode = count(outcomes, "failed") > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
