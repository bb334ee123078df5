// The page: buttons, figures, the loss curve and some digits. The worker trains.
import { type ChartData, drawChart } from "../digits/charts.ts";
import type { EpochRecord, StepRecord } from "../digits/records.ts";
import type { Command, Prediction, Report } from "./messages.ts";
import { drawSamples } from "./samples.ts";

const worker = new Worker(`/worker.js${location.search}`, { type: "module" });
const start = element<HTMLButtonElement>("start");
const stop = element<HTMLButtonElement>("stop");
const progress = element<HTMLProgressElement>("progress");
const isCpuWanted = new URLSearchParams(location.search).get("device") === "cpu";
let epochs = 1;
let stepsPerEpoch = 1;
let testLosses: number[] = [];
const short = (value: number) => String(Number(value.toPrecision(3)));
const showLoss = drawChart(element("chart"), { xLabel: "epoch", format: short }, noLoss());
let showPredictions = (_: readonly Prediction[]) => {};

start.addEventListener("click", () => {
  testLosses = [];
  showLoss(noLoss());
  for (const id of ["epoch", "trainLoss", "testLoss", "testAccuracy", "speed"]) write(id, "–");
  progress.value = 0;
  setRunning(true);
  write("status", "Training …");
  send({ type: "start" });
});

stop.addEventListener("click", () => {
  stop.disabled = true;
  send({ type: "stop" });
});

worker.addEventListener("message", ({ data }: MessageEvent<Report>) => receive(data));
worker.addEventListener("error", ({ message }) => fail(message || "the worker did not start"));

function receive(report: Report): void {
  if (report.type === "ready") showReady(report);
  else if (report.type === "step") showStep(report);
  else if (report.type === "epoch") showEpoch(report.record, report.steps, report.predictions);
  else if (report.type === "done") showDone(report.stopped);
  else fail(report.message);
}

function showReady(ready: Extract<Report, { type: "ready" }>): void {
  epochs = ready.epochs;
  write("device", `Device: ${ready.device}`);
  if (ready.kind === "cpu" && !isCpuWanted) {
    notify("There is no WebGPU here, so the cpu device trains: the same numbers, more slowly.");
  }
  showPredictions = drawSamples(element("samples"), ready.samples);
  setRunning(false);
  write("status", "Ready");
}

function showStep({ epoch, done, steps }: Extract<Report, { type: "step" }>): void {
  stepsPerEpoch = steps;
  progress.value = (epoch - 1 + done / steps) / epochs;
}

function showEpoch(
  record: EpochRecord,
  steps: readonly StepRecord[],
  predictions: readonly Prediction[],
): void {
  testLosses.push(record.testLoss);
  showLoss(lossData(steps));
  showPredictions(predictions);
  write("epoch", `${record.epoch} of ${epochs}`);
  write("trainLoss", record.trainLoss.toFixed(3));
  write("testLoss", record.testLoss.toFixed(3));
  write("testAccuracy", record.testAccuracy.toFixed(3));
  const stepsNow = steps.length - (record.epoch - 1) * stepsPerEpoch;
  write("speed", String(Math.round(stepsNow / record.seconds)));
}

function noLoss(): ChartData {
  return lossData([]);
}

/** Both curves over the steps; the test loss stands at the last step of each epoch. */
function lossData(steps: readonly StepRecord[]): ChartData {
  const ends = testLosses.map((_, e) => Math.min((e + 1) * stepsPerEpoch, steps.length) - 1);
  const test = steps.map((_, step) => testLosses[ends.indexOf(step)] ?? null);
  return {
    x: steps.map((_, step) => (step + 1) / stepsPerEpoch),
    lines: [
      { label: "training batch", values: steps.map(({ loss }) => loss) },
      { label: "test", values: test, sparse: true },
    ],
  };
}

function showDone(stopped: boolean): void {
  setRunning(false);
  if (!stopped) progress.value = 1;
  write("status", stopped ? "Stopped" : "Done");
}

function fail(message: string): void {
  setRunning(false);
  start.disabled = true;
  write("status", "Failed");
  notify(`Something went wrong: ${message} Reload the page to try again.`, "error");
}

function notify(text: string, kind = ""): void {
  const notice = element("notice");
  notice.textContent = text;
  notice.className = `notice ${kind}`;
  notice.hidden = false;
}

function setRunning(isRunning: boolean): void {
  start.disabled = isRunning;
  stop.disabled = !isRunning;
}

function send(command: Command): void {
  worker.postMessage(command);
}

function write(id: string, text: string): void {
  element(id).textContent = text;
}

function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found !== null) return found as T;
  throw new Error(`page: there is no element ${id}. Load the page again.`);
}
