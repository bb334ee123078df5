import type { RecordStore } from "../platform/platform.ts";

/** Of the engine: another version's kernels may have other times. A test compares package.json. */
export const VERSION = "0.1.0";

export type Winners = Readonly<Record<string, string>>;

/** What has to be equal for times to be: the adapter, and who compiles its shaders. */
export interface TunedAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** The implementation of WebGPU, e.g. "Dawn in Node". */
  readonly backend: string;
}

interface TuningRecord {
  readonly version: string;
  readonly adapter: TunedAdapter;
  readonly winners: Winners;
}

export function tunedAdapter(info: Omit<TunedAdapter, "backend">, backend: string): TunedAdapter {
  const { vendor, architecture, device, description } = info;
  return { vendor, architecture, device, description, backend };
}

/** FNV-1a of a text's UTF-16 units, as eight hexadecimal digits. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** The name under which a store keeps the record of an adapter. */
export function recordName(adapter: TunedAdapter): string {
  const { description, architecture, vendor } = adapter;
  const words = (description || architecture || vendor || "adapter").toLowerCase();
  const hash = shortHash(JSON.stringify([VERSION, adapter]));
  return `${words.replace(/[^a-z0-9]+/g, "-").slice(0, 40)}-${hash}`;
}

const sorted = (winners: Winners): Winners =>
  Object.fromEntries(Object.entries(winners).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Names a record: equal for equal adapters, versions and winners, in whatever order. */
export const recordHash = (adapter: TunedAdapter, winners: Winners): string =>
  shortHash(JSON.stringify([VERSION, adapter, sorted(winners)]));

/** The winners on record; none with a warning where the record is torn or of something else. */
export async function readWinners(store: RecordStore, adapter: TunedAdapter): Promise<Winners> {
  const name = recordName(adapter);
  try {
    const text = await store.read(name);
    return text === null ? {} : parse(text, adapter);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(
      `tune: the record ${store.place(name)} is ignored: ${why}. Delete it if it stays.`,
    );
    return {};
  }
}

/** Adds winners to the record; what other processes have added meanwhile stays. */
export async function writeWinners(
  store: RecordStore,
  adapter: TunedAdapter,
  winners: Winners,
): Promise<void> {
  const name = recordName(adapter);
  try {
    await store.update(name, (text) => {
      const merged = sorted({ ...parseOrNone(text, adapter), ...winners });
      const record: TuningRecord = { version: VERSION, adapter, winners: merged };
      return `${JSON.stringify(record, null, 2)}\n`;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(
      `tune: the record ${store.place(name)} cannot be written: ${why}. ` +
        "What was tuned serves this process only.",
    );
  }
}

function parseOrNone(text: string | null, adapter: TunedAdapter): Winners {
  try {
    return text === null ? {} : parse(text, adapter);
  } catch {
    // It was told of when it was read; now it is replaced.
    return {};
  }
}

/** @throws Error saying why the text is no record of this adapter. */
function parse(text: string, adapter: TunedAdapter): Winners {
  const record = JSON.parse(text) as Partial<TuningRecord> | null;
  if (record?.version !== VERSION || !sameAdapter(record.adapter, adapter)) {
    throw new Error("it is of another adapter or version of tapegrad");
  }
  const { winners } = record;
  const isRecord = typeof winners === "object" && winners !== null;
  if (!isRecord || !Object.values(winners).every((name) => typeof name === "string")) {
    throw new Error("its winners are no names");
  }
  return winners;
}

const sameAdapter = (a: TunedAdapter | undefined, b: TunedAdapter): boolean =>
  a !== undefined && (Object.keys(b) as (keyof TunedAdapter)[]).every((key) => a?.[key] === b[key]);
