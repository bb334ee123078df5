import type { TimedStep } from "./measurement.ts";
import { describe, type Profile } from "./summarize.ts";

/** An event of Chrome's trace event format; times are in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** "X" has a duration, "i" is an instant, "M" names a process or a track. */
  readonly ph: "X" | "i" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, unknown>>;
}

const PROCESS = 1;
const HOST = 1;
const DEVICE = 2;

/** The timed steps as a trace, on a time axis that begins with the first of them. */
export function traceOf({ device, method }: Profile, timed: readonly TimedStep[]): ChromeTrace {
  const start = timed[0].start;
  const shift = clockShift(timed) - start;
  const kernels = timed.flatMap(({ launches }, i) => {
    // Launches timed alone have no clock in common with the host: they follow the step's start.
    const from = method === "alone" ? timed[i].start - start : shift;
    return launches.map((l) => ({ ...l, from }));
  });
  let free = 0;
  const events = kernels.map(({ spec, begin, end, from }): TraceEvent => {
    // A launch may begin before the one before it has ended: its bar begins after that one's.
    const ts = Math.max(free, 1000 * from + begin / 1000);
    free = Math.max(ts, 1000 * from + end / 1000);
    const { label, ...args } = describe(spec);
    return {
      name: label,
      cat: "kernel",
      ph: "X",
      pid: PROCESS,
      tid: DEVICE,
      ts,
      dur: free - ts,
      args,
    };
  });
  return {
    traceEvents: [
      ...names(device),
      ...timed.flatMap((step, i) => hostEvents(step, i, start)),
      ...events,
    ],
    displayTimeUnit: "ms",
    otherData: { device, method },
  };
}

/** Milliseconds from the adapter's clock to the host's: no launch begins before its submit. */
function clockShift(timed: readonly TimedStep[]): number {
  const shifts = timed.flatMap(({ submits, launches }) =>
    submits.length === 0 || launches.length === 0 ? [] : [submits[0] - launches[0].begin / 1e6],
  );
  return Math.max(...shifts);
}

function hostEvents({ start, end, submits }: TimedStep, index: number, zero: number): TraceEvent[] {
  const at = { pid: PROCESS, tid: HOST };
  const ts = 1000 * (start - zero);
  return [
    { ...at, name: `step ${index}`, cat: "host", ph: "X", ts, dur: 1000 * (end - start) },
    ...submits.map(
      (time) =>
        ({
          ...at,
          name: "submit",
          cat: "host",
          ph: "i",
          s: "t",
          ts: 1000 * (time - zero),
        }) as const,
    ),
  ];
}

function names(device: string): TraceEvent[] {
  const name = (kind: string, tid: number, text: string): TraceEvent => ({
    name: kind,
    ph: "M",
    pid: PROCESS,
    tid,
    ts: 0,
    args: { name: text },
  });
  return [
    name("process_name", HOST, "tapegrad"),
    name("thread_name", HOST, "host"),
    name("thread_name", DEVICE, device),
  ];
}
