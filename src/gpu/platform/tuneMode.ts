import process from "node:process";

/** TAPEGRAD_TUNE; nothing where Deno may not read the environment. */
export function tuneMode(): string | undefined {
  try {
    return process.env.TAPEGRAD_TUNE || undefined;
  } catch {
    return undefined;
  }
}
