// Trains in a web worker, so that the page stays free for the reader.
import { init, noGrad, type Sequential, type Tensor, tensor } from "tapegrad";
import { defaultConfig } from "../digits/config.ts";
import type { Examples, Split } from "../digits/datasets.ts";
import { type TrainResult, train } from "../digits/train.ts";
import type { Command, Prediction, Report, Sample, SplitText } from "./messages.ts";

const SHOWN = 24;
const config = defaultConfig("digits", "adam");
let isRunning = false;
let isStopped = false;

function report(message: Report): void {
  postMessage(message);
}

/** The part of the address after ? chooses: `?device=cpu`, `?epochs=5`. */
async function setUp(): Promise<Split> {
  const wanted = new URLSearchParams(location.search);
  const device = await init(wanted.get("device") === "cpu" ? { device: "cpu" } : {});
  config.epochs = epochsFrom(wanted.get("epochs"));
  const response = await fetch("/digits.json");
  if (!response.ok) throw new Error(`the digits could not be fetched: ${response.status}`);
  const { train, test, features } = (await response.json()) as SplitText;
  const split = { train: examplesOf(train), test: examplesOf(test), features };
  const samples = samplesOf(split.test, split.features);
  const { epochs } = config;
  report({ type: "ready", device: String(device), kind: device.kind, samples, epochs });
  return split;
}

const examplesOf = ({ x, y }: SplitText["train"]): Examples => ({
  x: Float32Array.from(x),
  y: Int32Array.from(y),
  count: y.length,
});

function epochsFrom(text: string | null): number {
  if (text === null) return config.epochs;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`epochs must be a whole number above 0; got ${text}. Use ?epochs=20.`);
}

function samplesOf({ x, y }: Examples, features: number): Sample[] {
  return Array.from({ length: SHOWN }, (_, i) => {
    return { pixels: x.slice(i * features, (i + 1) * features), label: y[i]! };
  });
}

async function run(split: Split): Promise<void> {
  const shape = [SHOWN, split.features];
  const shown = tensor(split.test.x.slice(0, SHOWN * split.features), { shape });
  await train(split, config, {
    stopped: () => isStopped,
    onStep: (done, steps, epoch) => report({ type: "step", epoch, done, steps }),
    onEpoch: (soFar) => reportEpoch(soFar, shown),
  });
  report({ type: "done", stopped: isStopped });
}

async function reportEpoch({ model, epochs, steps }: TrainResult, shown: Tensor): Promise<void> {
  const predictions = await predict(model, shown);
  report({ type: "epoch", record: epochs.at(-1)!, steps, predictions });
}

async function predict(model: Sequential, x: Tensor): Promise<Prediction[]> {
  const probabilities = noGrad(() => model.forward(x).softmax(1));
  const [digits, best] = [probabilities.argmax(1), probabilities.max(1)];
  const [digit, probability] = await Promise.all([digits.data(), best.data()]);
  return Array.from(digit, (value, i) => ({ digit: value, probability: probability[i]! }));
}

const ready = setUp();

async function obey({ type }: Command): Promise<void> {
  isStopped = type === "stop";
  if (type === "stop" || isRunning) return;
  isRunning = true;
  try {
    await run(await ready);
  } finally {
    isRunning = false;
  }
}

function fail(error: unknown): void {
  console.error(error);
  report({ type: "error", message: error instanceof Error ? error.message : String(error) });
}

ready.catch(fail);
addEventListener("message", ({ data }: MessageEvent<Command>) => {
  obey(data).catch(fail);
});
