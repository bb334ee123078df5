// Draws the paths of optimizers over contours of test surfaces, one SVG for each surface.
//   npm run -s paths -- --surface beale --methods adam,sgd,lbfgs --steps 200 --out FOLDER
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { init, writeFileAtomic } from "tapegrad";
import { contoursOf } from "./contours.ts";
import { drawPicture, short } from "./draw.ts";
import { type MethodName, methodNames, methods } from "./methods.ts";
import { distanceToMinimum, type SurfaceName, surfaceNames, surfaces } from "./objectives.ts";
import { type Path, runPaths } from "./paths.ts";

interface Options {
  surface?: SurfaceName;
  methods: MethodName[];
  steps: number;
  device?: "webgpu" | "cpu";
  out: string;
}

function methodList(text: string): MethodName[] {
  const names = [...new Set(text.split(","))] as MethodName[];
  const unknown = names.filter((name) => !methodNames.includes(name));
  if (unknown.length === 0) return names;
  const known = methodNames.join(", ");
  throw new InvalidArgumentError(`Unknown: "${unknown.join('", "')}". Allowed are ${known}.`);
}

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Allowed are whole numbers from 1 to 99999.");
}

function parse(): Options {
  const runs = fileURLToPath(new URL("../../runs/paths", import.meta.url));
  return new Command("npm run -s paths --")
    .description("Draws the paths of optimizers over contours of test surfaces.")
    .addOption(new Option("--surface <name>", "only this one").choices(surfaceNames))
    .option("--methods <names>", "optimizers, with commas between", methodList, [...methodNames])
    .option("--steps <n>", "for each optimizer at most", count, 200)
    .addOption(new Option("--device <name>").choices(["webgpu", "cpu"]))
    .option("--out <folder>", "where the pictures go", runs)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists the options)")
    .parse()
    .opts<Options>();
}

/** One surface: a picture in the folder, and a table on the console. */
async function show(name: SurfaceName, { methods: chosen, steps, out }: Options): Promise<void> {
  const surface = surfaces[name];
  const paths = await runPaths(
    name,
    chosen.map((method) => ({ method })),
    steps,
  );
  const file = join(out, `${name}.svg`);
  await writeFileAtomic(file, drawPicture(surface, await contoursOf(surface), paths));
  console.log(`\n${surface.title}: ${surface.formula}`);
  printTable(name, paths);
  console.log(`wrote ${relative(process.cwd(), file)}`);
}

function printTable(name: SurfaceName, paths: readonly Path[]): void {
  console.log(line(["optimizer", "rate", "steps", "final value", "to minimum", "gradient"]));
  for (const { method, points, ending } of paths) {
    const { at, value, gradient } = points[points.length - 1];
    const { label, rates } = methods[method];
    const distance = distanceToMinimum(surfaces[name], at);
    const numbers = [points.length - 1, value, distance, Math.hypot(...gradient)].map(short);
    const rate = rates === null ? "search" : String(rates[name]);
    console.log(`${line([label, rate, ...numbers])}  ${ending ?? ""}`);
  }
}

const line = ([label, ...cells]: readonly string[]): string =>
  label.padEnd(20) + cells.map((cell) => cell.padStart(12)).join("");

const options = parse();
await mkdir(options.out, { recursive: true });
console.log(`device: ${await init(options.device && { device: options.device })}`);
for (const name of options.surface ? [options.surface] : surfaceNames) await show(name, options);
