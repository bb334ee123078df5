import { IndexError, LinAlgError, NonFiniteError } from "./errors.ts";

/** What a kernel finds wrong with its data while it runs; the next awaited call rejects with it. */
export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}

const errors = { index: IndexError, linalg: LinAlgError, nonFinite: NonFiniteError } as const;

/** An index out of range, a matrix that a decomposition cannot take, or NaN or an infinity. */
export type FaultKind = keyof typeof errors;

export const errorOf = ({ kind, message }: Fault): Error => new errors[kind](message);

/** Errors of the data, which a kernel's reference throws where the kernel reports. */
export const isDataError = (error: unknown): error is Error =>
  Object.values(errors).some((type) => error instanceof type);
