import { writeFileAtomic } from "#files";
import type { ProfileReport } from "./report.ts";

/**
 * Writes a report's trace to a file for chrome://tracing or ui.perfetto.dev.
 * @throws StorageError when it cannot be written; a browser has `toChromeTrace` and a Blob instead
 */
export async function saveProfile(report: ProfileReport, path: string): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(report.toChromeTrace()), "saveProfile");
}
