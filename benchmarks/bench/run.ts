// A whole run: adapter after adapter, then what does not depend on the adapter.
import { type Adapter, nullBackend } from "./adapters.ts";
import { measureColdStart } from "./coldStart.ts";
import { type Context, measureCompute } from "./compute.ts";
import type { Effort } from "./entrant.ts";
import type { RowName } from "./goals.ts";
import { countLaunches, measureHost, type Part } from "./hostSide.ts";
import type { Open } from "./interleave.ts";
import { measurePeak, withMatmul } from "./peak.ts";
import type { Report } from "./report.ts";
import { keyOf } from "./results.ts";
import { ProcessSession } from "./session.ts";
import type { SideName } from "./sides.ts";
import { measureSweep } from "./sweep.ts";

export interface RunOptions {
  readonly adapters: readonly Adapter[];
  readonly wanted: ReadonlySet<RowName>;
  readonly sweep: boolean;
  readonly effort: Effort;
  /** The bundles of the sides. */
  readonly files: Readonly<Record<SideName, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The training cases in a browser, where there is one. */
  readonly chromium?: (
    effort: Effort,
    wanted: ReadonlySet<RowName>,
    say: (text: string) => void,
  ) => Promise<Part>;
  readonly say: (text: string) => void;
}

/** Rows that are the same on every adapter, or belong to a browser. */
const isShared = (name: RowName): boolean => /^(host|launches|chromium)/.test(name);

const needsAdapter = ({ wanted, sweep }: RunOptions): boolean =>
  sweep || [...wanted].some((name) => !isShared(name));

/** Sessions of this run's bundles on an adapter. */
const opener =
  ({ files }: RunOptions, { variables }: Adapter): Open =>
  async (side) =>
    new ProcessSession(files[side], variables);

async function describe(open: Open): Promise<string> {
  const session = await open("limit");
  try {
    return (await session.ask("prepare", { name: "sum", sizes: { count: 2 ** 16 } })).adapter;
  } finally {
    await session.close();
  }
}

/** Everything that is measured on one adapter. */
async function reportOn(adapter: Adapter, options: RunOptions): Promise<Report> {
  const { wanted, effort } = options;
  const open = opener(options, adapter);
  const say = (text: string) => options.say(`${adapter.key}: ${text}`);
  const context: Context = { adapter, open, effort, say };
  const description = await describe(open);
  const peak = needsAdapter(options) ? await measurePeak(context) : null;
  const { rows, problems } = await measureCompute(context, wanted);
  if (wanted.has("coldStart")) rows.push(await measureColdStart(context));
  const sweep = options.sweep ? await measureSweep(context) : undefined;
  return {
    key: adapter.key === "default" ? keyOf(description) : adapter.key,
    adapter: description,
    date: new Date().toISOString().slice(0, 10),
    versions: options.versions,
    peak: withMatmul(peak, rows),
    cases: rows,
    sweep,
    problems,
  };
}

/** What holds for every adapter: host time and launches; and the browser, which has SwiftShader. */
async function sharedParts(options: RunOptions): Promise<{ all: Part; browser: Part }> {
  const { wanted, say } = options;
  const open = opener(options, nullBackend);
  const host = await measureHost(open, wanted, say);
  const launches = await countLaunches(open, wanted, say);
  const browser = await options.chromium?.(options.effort, wanted, say);
  return {
    all: {
      rows: [...host.rows, ...launches.rows],
      problems: [...host.problems, ...launches.problems],
    },
    browser: browser ?? { rows: [], problems: [] },
  };
}

const withPart = (report: Report, { rows, problems }: Part): Report => ({
  ...report,
  cases: [...report.cases, ...rows],
  problems: [...report.problems, ...problems],
});

/** Measures what is wanted.
 *  @returns the report of the first adapter, those of the others within it */
export async function runBenchmarks(options: RunOptions): Promise<Report> {
  const reports: Report[] = [];
  const adapters = needsAdapter(options) ? options.adapters : options.adapters.slice(-1);
  for (const adapter of adapters) reports.push(await reportOn(adapter, options));
  const { all, browser } = await sharedParts(options);
  const swiftShader = adapters.findIndex(({ key }) => key === "swiftshader");
  const [first, ...others] = reports.map((report, i) => {
    const whole = withPart(report, all);
    return i === Math.max(swiftShader, 0) ? withPart(whole, browser) : whole;
  });
  return others.length > 0 ? { ...first, others } : first;
}
