import { platform } from "#platform";
import type { Allowed, Candidate, Runtime } from "./platform/platform.ts";

/** What a search for an adapter found; `problems` says what was tried in vain and how to mend it. */
export interface AdapterSearch {
  runtime: Runtime;
  /** Gives one device; search again for the next. */
  adapter: GPUAdapter | null;
  software: boolean;
  /** E.g. "SwiftShader Device (Subzero) via Dawn in Node". */
  description: string;
  /** "hardware", or where the software adapter comes from. */
  source: string;
  problems: string[];
}

const softwareNames =
  /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b|\bnull\b/i;

/** True for an adapter that computes on the CPU: it says so itself or has the name of one. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(" ");
  return info.isFallbackAdapter === true || softwareNames.test(names);
}

/** The adapter in words: its own description, or the most telling of its other names. */
export function describeAdapter(info: GPUAdapterInfo): string {
  const names = [info.vendor, info.architecture || info.device].filter((name) => name !== "");
  return info.description || names.join(" ") || "an adapter without a name";
}

async function request(candidate: Candidate, allow: Allowed): Promise<GPUAdapter | null> {
  const gpu = await candidate.open();
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  const wanted = allow === "software";
  if (!wanted || (adapter && isSoftware(adapter.info))) return adapter;
  return (await gpu.requestAdapter({ forceFallbackAdapter: true })) ?? adapter;
}

function found(adapter: GPUAdapter, source: string, problems: string[]): AdapterSearch {
  const software = isSoftware(adapter.info);
  return {
    runtime: platform.runtime,
    adapter,
    software,
    description: `${describeAdapter(adapter.info)} via ${platform.implementation}`,
    source: software ? source : "hardware",
    problems,
  };
}

/** Tries one candidate. A refusal is written to `problems`, so that nothing fails unseen. */
async function attempt(
  candidate: Candidate,
  allow: Allowed,
  problems: string[],
): Promise<AdapterSearch | null> {
  try {
    const adapter = await request(candidate, allow);
    if (adapter) return found(adapter, candidate.source, problems);
    problems.push(`${candidate.source}: ${platform.implementation} offers no adapter.`);
  } catch (error) {
    problems.push(`${candidate.source}: ${error instanceof Error ? error.message : error}`);
  }
  return null;
}

const isAllowed = (search: AdapterSearch, allow: Allowed): boolean =>
  allow === "any" || search.software === (allow === "software");

/** Finds a WebGPU adapter: a hardware one, else an installed software one, else none. Nothing is
 *  installed. This is the one place that decides, in every runtime.
 *  @param options.allow "hardware" or "software" refuse the other kind. */
export async function findAdapter(options: { allow?: Allowed } = {}): Promise<AdapterSearch> {
  const allow = options.allow ?? "any";
  const problems: string[] = [];
  for (const candidate of platform.candidates(allow)) {
    const search = await attempt(candidate, allow, problems);
    if (!search) continue;
    if (isAllowed(search, allow)) return search;
    const kind = search.software ? "a software" : "a hardware";
    problems.push(`${search.description} is ${kind} adapter, and ${allow} was asked for.`);
  }
  problems.push(await platform.advice());
  return {
    runtime: platform.runtime,
    adapter: null,
    software: false,
    description: `no adapter via ${platform.implementation}`,
    source: "none",
    problems,
  };
}
