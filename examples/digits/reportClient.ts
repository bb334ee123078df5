// Draws the charts of a report; bundled into report.html.
import { type ChartData, type ChartOptions, drawChart } from "./charts.ts";
import type { History } from "./records.ts";

// More points than a chart has pixels only slow it down.
const MOST_POINTS = 800;

const short = (value: number) => String(Number(value.toPrecision(3)));
const percent = (value: number) => `${Number((value * 100).toFixed(1))} %`;

const history: History = JSON.parse(element("history").textContent ?? "");
const { epochs, steps, layers, config } = history;
const x = epochs.map(({ epoch }) => epoch);
const byEpoch: ChartOptions = { xLabel: "epoch", format: short };

draw("loss", byEpoch, {
  x,
  lines: [
    { label: "training", values: epochs.map(({ trainLoss }) => trainLoss) },
    { label: "test", values: epochs.map(({ testLoss }) => testLoss) },
  ],
});
draw(
  "accuracy",
  { ...byEpoch, format: percent },
  {
    x,
    lines: [
      { label: "training", values: epochs.map(({ trainAccuracy }) => trainAccuracy) },
      { label: "test", values: epochs.map(({ testAccuracy }) => testAccuracy) },
    ],
  },
);
draw("gradients", { xLabel: "epoch", log: true, format: short }, gradientLines());

/** Norms of each layer, in buckets of several steps when there are many. */
function gradientLines(): ChartData {
  const bucket = Math.ceil(steps.length / MOST_POINTS);
  const starts = Array.from({ length: Math.ceil(steps.length / bucket) }, (_, i) => i * bucket);
  const line = (pick: (step: number) => number) =>
    starts.map((start) => {
      const end = Math.min(start + bucket, steps.length);
      let sum = 0;
      for (let step = start; step < end; step++) sum += pick(step);
      return sum / (end - start);
    });
  return {
    x: line((step) => ((step + 1) * epochs.length) / steps.length),
    lines: [
      ...layers.map((label, i) => ({ label, values: line((step) => steps[step]!.layers[i]!) })),
      { label: `clipped above ${config.clip}`, values: line(() => config.clip), dashed: true },
    ],
  };
}

function draw(id: string, options: ChartOptions, data: ChartData): void {
  drawChart(element(id), options, data);
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found !== null) return found;
  throw new Error(`report: the page has no element ${id}. Write the report again.`);
}
