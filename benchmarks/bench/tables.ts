import { type Report, type Row, type SweepPoint, statusOf } from "./report.ts";

/** Columns of equal width: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** A figure as people read it; a dash where there is none. */
export const figure = (value: number | null | undefined): string => {
  if (value === null || value === undefined) return "-";
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2);
};

const ratioText = (value: number | null): string => (value === null ? "-" : value.toFixed(2));

/** "62..71": how far the values of tapegrad lie apart. */
const spreadText = ({ spread }: Row): string =>
  spread.tapegrad ? `${figure(spread.tapegrad[0])}..${figure(spread.tapegrad[1])}` : "-";

function goalText({ goal }: Row): string {
  const least = goal.ratio === undefined ? [] : [`x${goal.ratio}`];
  return [...least, ...(goal.value === undefined ? [] : [`<= ${goal.value}`])].join(", ");
}

/** GFLOP/s, and the share of what the adapter reaches in registers. */
function rateText({ mflops, tapegrad }: Row, peak: Report["peak"]): string {
  if (mflops === undefined || tapegrad === null) return "";
  const rate = mflops / tapegrad;
  const text = rate >= 1000 ? `${(rate / 1000).toFixed(1)} T` : `${rate.toPrecision(3)} G`;
  return peak ? `${text} (${Math.round((100 * rate) / peak.gflops)} %)` : text;
}

const peersOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ peers }) => Object.keys(peers))),
];

function caseTable({ cases, peak }: Report): string {
  const peers = peersOf(cases);
  const head = ["case", "unit", "tapegrad", "spread", ...peers, "limit", "ratio", "goal", ""];
  const rows = cases.map((row) => [
    row.name,
    row.unit,
    figure(row.tapegrad),
    spreadText(row),
    ...peers.map((peer) => figure(row.peers[peer])),
    figure(row.limit),
    ratioText(row.ratio),
    goalText(row),
    statusOf(row) === "no goal" ? "" : statusOf(row),
    rateText(row, peak),
  ]);
  return table([[...head, "FLOP/s"], ...rows]);
}

/** One table for each axis. */
function sweepTables(points: readonly SweepPoint[]): string {
  const peers = [...new Set(points.flatMap((point) => Object.keys(point.peers)))];
  const rows = points.map((point) => [
    point.title,
    point.value.toLocaleString("en"),
    figure(point.tapegrad),
    ...peers.map((peer) => figure(point.peers[peer])),
  ]);
  return table([["step of growing size", "size", "tapegrad ms", ...peers], ...rows]);
}

function peakText({ peak }: Report): string {
  if (!peak) return "";
  const product = peak.matmulGflops ? `, best matmul by hand ${peak.matmulGflops} GFLOP/s` : "";
  return `peak: copy ${peak.copyGBps} GB/s, registers ${peak.gflops} GFLOP/s${product}`;
}

const versionsText = ({ versions }: Report): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

/** A report for the terminal. */
export function reportText(report: Report): string {
  const notes = report.cases.flatMap((row) => row.notes.map((note) => `  ${row.name}: ${note}`));
  const parts = [
    `${report.adapter}, ${report.date}\n${versionsText(report)}`,
    peakText(report),
    report.cases.length > 0 ? caseTable(report) : "",
    report.sweep?.length ? sweepTables(report.sweep) : "",
    notes.length > 0 ? `notes\n${notes.join("\n")}` : "",
    ...report.problems.map((problem) => `PROBLEM ${problem}`),
    ...(report.others ?? []).map(reportText),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
