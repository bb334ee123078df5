import { Command, InvalidArgumentError, Option } from "commander";
import { defaultConfig, type TrainConfig } from "./config.ts";
import { type DatasetName, datasets } from "./datasets.ts";
import { type OptimizerName, optimizers } from "./model.ts";

export interface JobOptions {
  config: TrainConfig;
  /** undefined: webgpu where there is an adapter. */
  device: "webgpu" | "cpu" | undefined;
  /** The folder of the results; undefined: one named after the moment. */
  out: string | undefined;
}

interface Parsed extends Partial<Omit<TrainConfig, "dataset" | "optimizer">> {
  dataset: DatasetName;
  optimizer: OptimizerName;
  device?: "webgpu" | "cpu";
  out?: string;
}

const whole = (least: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`Allowed are whole numbers from ${least} on.`);
};

const positive = (text: string) => {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Allowed are numbers above 0, such as 0.001 or 1e-3.");
};

/** A seed is one 32-bit word of the random generator's key. */
const seed = (text: string) => {
  const value = whole(0)(text);
  if (value <= 0xffff_ffff) return value;
  throw new InvalidArgumentError("Allowed are whole numbers from 0 to 4294967295.");
};

/** Reads the command line; ends the process with a message when it is not valid. */
export function parseOptions(argv: readonly string[]): JobOptions {
  const command = new Command("npm start --")
    .description("Trains a network on a bundled data set.")
    .addOption(choice("--dataset <name>", "what to learn", Object.keys(datasets), "digits"))
    .addOption(choice("--optimizer <name>", "update rule", Object.keys(optimizers), "adam"))
    .addOption(choice("--device <name>", "default: webgpu where it works", ["webgpu", "cpu"]))
    .option("--epochs <n>", "passes over the data (default: 20 for digits, else 60)", whole(1))
    .option("--batch <n>", "examples a step (default: 32)", whole(1))
    .option("--lr <x>", "learning rate (default: what suits the optimizer)", positive)
    .option("--clip <x>", "largest global norm of the gradients (default: 5)", positive)
    .option("--seed <n>", "same seed, same weights (default: 0)", seed)
    .option("--out <folder>", "where the results go (default: a new folder in runs/)")
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists the options)");
  command.parse([...argv], { from: "user" });
  const { device, out, ...chosen } = command.opts<Parsed>();
  const config = { ...defaultConfig(chosen.dataset, chosen.optimizer), ...chosen };
  return { config, device, out };
}

function choice(flags: string, description: string, allowed: string[], preset?: string): Option {
  const option = new Option(flags, description).choices(allowed);
  return preset === undefined ? option : option.default(preset);
}
