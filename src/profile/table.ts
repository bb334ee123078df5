import type { KernelProfile, Profile } from "./summarize.ts";

const HEAD = [
  "kernel",
  "launches",
  "ms",
  "% of time",
  "MB",
  "GB/s",
  "MFLOP",
  "GFLOP/s",
  "limit",
  "% of it",
];
/** Columns of text; all others are figures, which stand at the right. */
const TEXT = new Set(["kernel", "limit"]);
const LONGEST_LABEL = 60;

/** The kernels of a profile as a table, with the whole step above and below. */
export function profileTable(made: Profile): string {
  const rows = [HEAD, ...made.kernels.map(cells), totals(made)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const [head, ...lines] = rows.map((row) => line(row, widths));
  const rule = "─".repeat(Math.max(...[head, ...lines].map((text) => text.length)));
  const total = lines.pop() as string;
  return [...heading(made), "", head, rule, ...lines, rule, total, "", ...footer(made)].join("\n");
}

const line = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((text, i) => (TEXT.has(HEAD[i]) ? text.padEnd(widths[i]) : text.padStart(widths[i])))
    .join("  ")
    .trimEnd();

function cells(kernel: KernelProfile): string[] {
  const { label, launches, milliseconds, share, bytes, flops } = kernel;
  const short = label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
  return [
    short,
    String(launches),
    figure(milliseconds),
    (100 * share).toFixed(1),
    figure(bytes / 1e6),
    figure(kernel.bytesPerSecond / 1e9),
    flops === 0 ? "–" : figure(flops / 1e6),
    flops === 0 ? "–" : figure(kernel.flopsPerSecond / 1e9),
    kernel.limit,
    (100 * kernel.ofPeak).toFixed(0),
  ];
}

function totals({ step }: Profile): string[] {
  const { kernelMilliseconds: time, bytes, flops } = step;
  return [
    "sum",
    String(step.launches),
    figure(time),
    "100.0",
    figure(bytes / 1e6),
    figure(bytes / 1e6 / time),
    flops === 0 ? "–" : figure(flops / 1e6),
    flops === 0 ? "–" : figure(flops / 1e6 / time),
    "",
    "",
  ];
}

function heading({ device, method, steps, peaks }: Profile): string[] {
  const how =
    method === "timestamps"
      ? "kernels timed in the step, by timestamp queries"
      : "each kernel timed alone, repeated on copies of its memory";
  return [
    `profile of ${steps} steps on ${device}`,
    `${how}; the adapter's peaks as measured: ` +
      `${figure(peaks.bytesPerSecond / 1e9)} GB/s, ${figure(peaks.flopsPerSecond / 1e9)} GFLOP/s`,
  ];
}

function footer({ step, notes }: Profile): string[] {
  const submits = count(step.submits);
  return [
    `A step takes ${figure(step.milliseconds)} ms: kernels ${figure(step.kernelMilliseconds)} ms, ` +
      `the device is idle for ${(100 * step.idleShare).toFixed(1)} %.`,
    `The host needs ${figure(step.hostMilliseconds)} ms of it: ${step.launches} launches, ` +
      `${submits} ${submits === "1" ? "submit" : "submits"}, ${count(step.bytesWritten)} bytes written.`,
    ...notes,
  ];
}

/** A mean of whole numbers, which mostly is one. */
const count = (mean: number): string => String(Number(mean.toFixed(1)));

/** Three figures, without an exponent. */
function figure(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0);
  const digits = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(digits, 6));
}
