import { IndexError, LinAlgError } from "./errors.ts";

/** What a kernel finds wrong with its data while it runs; the next awaited call rejects with it. */
export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}

/** An index out of range, or a matrix that a decomposition cannot take. */
export type FaultKind = "index" | "linalg";

export const errorOf = ({ kind, message }: Fault): Error =>
  kind === "index" ? new IndexError(message) : new LinAlgError(message);

/** Errors of the data, which a kernel's reference throws where the kernel reports. */
export const isDataError = (error: unknown): error is Error =>
  error instanceof IndexError || error instanceof LinAlgError;
