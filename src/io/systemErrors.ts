import { errorCode, StorageError } from "./errors.ts";

type Reason = readonly [what: string, mend: string];

const PERMISSION: Reason = [
  "permission is denied",
  "Choose another folder or change its permissions",
] as const;

/** What a system's code means, and how to mend it. */
const reasons: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ["ENOSPC", ["the disk is full", "Free some space"]],
  ["QuotaExceededError", ["the browser's storage is full", "Free some space"]],
  ["EDQUOT", ["your disk quota is used up", "Free some space"]],
  ["EFBIG", ["the file is larger than the system allows", "Raise the limit or save less"]],
  ["ENOENT", ["no such file or folder", "Check the path and create the folder first"]],
  ["NotFoundError", ["no such file or folder", "Check the path"]],
  ["ENOTDIR", ["a part of the path is not a folder", "Check the path"]],
  ["EISDIR", ["this is not a file", "Give the path of a file"]],
  ["TypeMismatchError", ["this is not a file", "Give the path of a file"]],
  ["EACCES", PERMISSION],
  ["EPERM", PERMISSION],
  ["EROFS", ["the file system is read-only", "Choose another folder"]],
]);

/** The error of a write that left the old file as it was. `rest` says what else stayed. */
export function writeError(op: string, path: string, length: number, error: unknown, rest = "") {
  const [what, mend] = reasonOf(error);
  return new StorageError(
    `${op}: ${what}; got ${nameOf(error)} while writing ${length} bytes to ${path}. ` +
      `${mend}; the file that was there before is unchanged.${rest}`,
    path,
    error,
  );
}

/** The error of a file that cannot be opened or read. */
export function readError(op: string, path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const [what, mend] = reasonOf(error);
  return new StorageError(
    `${op}: ${what}; got ${nameOf(error)} for ${path}. ${mend}.`,
    path,
    error,
  );
}

function nameOf(error: unknown): string {
  return errorCode(error) || "an error";
}

function reasonOf(error: unknown): Reason {
  const what = error instanceof Error ? error.message : String(error);
  return reasons.get(errorCode(error)) ?? [what, "Try again or use another path"];
}
