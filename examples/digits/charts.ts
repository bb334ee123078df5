// Line charts with uPlot, for the page and the report. Runs in the browser.
import { language } from "./language.ts";

// Only now: see language.ts.

import uPlot from "uplot";

export interface Line {
  label: string;
  values: (number | null)[];
  dashed?: boolean;
  /** Few points far apart: joined over the gaps, and marked. */
  sparse?: boolean;
}

export interface ChartData {
  x: number[];
  lines: Line[];
}

export interface ChartOptions {
  xLabel: string;
  /** Logarithmic: values that are not above 0 are left out. */
  log?: boolean;
  /** Bounds of a linear y axis; found from the data when left out. */
  range?: [number, number];
  format: (value: number) => string;
}

const HEIGHT = 260;
const place = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
/** Epochs and steps are counted: no ticks between them. */
const WHOLE = [1, 2, 5]
  .flatMap((n) => [0, 1, 2, 3, 4, 5].map((p) => n * 10 ** p))
  .sort((a, b) => a - b);
const FONT = "12px system-ui, sans-serif";

/**
 * Draws a chart into `host` and returns a function that shows other data in it. Follows the width
 * of the host and the colour scheme of the reader.
 */
export function drawChart(host: HTMLElement, options: ChartOptions, data: ChartData) {
  let shown = data;
  let plot = createPlot(host, options, shown);
  const redraw = () => {
    plot.destroy();
    plot = createPlot(host, options, shown);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(() => {
    if (plot.width !== host.clientWidth) plot.setSize({ width: host.clientWidth, height: HEIGHT });
  }).observe(host);
  return (next: ChartData): void => {
    const sameLines = next.lines.length === shown.lines.length;
    shown = next;
    if (sameLines) plot.setData(toColumns(next, options));
    else redraw();
  };
}

function createPlot(host: HTMLElement, options: ChartOptions, data: ChartData): uPlot {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line"), width: 1, size: 4 },
    font: FONT,
  };
  const settings: uPlot.Options = {
    width: host.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false }, y: yScale(options) },
    axes: [
      { ...axis, label: options.xLabel, labelFont: FONT, labelSize: 18, size: 34, incrs: WHOLE },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => tickText(tick, options)) },
    ],
    series: [
      { label: options.xLabel, value: (_, x) => (x === null ? "" : place.format(x)) },
      ...data.lines.map((line, i) => seriesOf(line, color(`--series-${(i % 5) + 1}`), options)),
    ],
    cursor: { y: false, points: { size: 7 } },
  };
  return new uPlot(settings, toColumns(data, options), host);
}

function yScale({ log, range }: ChartOptions): uPlot.Scale {
  if (log) return { distr: 3 };
  return range === undefined ? {} : { range };
}

function seriesOf(
  { label, dashed, sparse = false }: Line,
  stroke: string,
  { format }: ChartOptions,
): uPlot.Series {
  return {
    label,
    stroke,
    width: 2,
    ...(dashed ? { dash: [6, 5] } : {}),
    spanGaps: sparse,
    points: { show: (plot) => sparse || (plot.data[0]?.length ?? 0) < 2, size: 6 },
    value: (_, value) => (value === null ? "" : format(value)),
  };
}

/** uPlot leaves out a crowded tick by handing over null. */
function tickText(tick: number | null, { format }: ChartOptions): string {
  return tick === null ? "" : format(tick);
}

function toColumns({ x, lines }: ChartData, { log }: ChartOptions): uPlot.AlignedData {
  const columns = lines.map(({ values }) => {
    return log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values;
  });
  return [x, ...columns];
}
