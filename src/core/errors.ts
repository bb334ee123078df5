/**
 * The errors that tapegrad throws. Every message has the form
 * `op: what is wrong; got names and shapes. How to mend.`
 */
export class TapegradError extends Error {
  override name = "TapegradError";
}

/** Shapes, axes or sizes that do not fit. Thrown at the call, never when the graph runs. */
export class ShapeError extends TapegradError {
  override name = "ShapeError";
}

/** A dtype that an op does not take, or a value of the wrong kind. */
export class DTypeError extends TapegradError {
  override name = "DTypeError";
}

/** No adapter, a lost device, tensors of two devices, a disposed or overwritten tensor. */
export class DeviceError extends TapegradError {
  override name = "DeviceError";
}

/** Differentiation that cannot be done: no path, a released record, a rule that does not exist. */
export class GradError extends TapegradError {
  override name = "GradError";
}

/** Labels or indices outside the range they index. */
export class IndexError extends TapegradError {
  override name = "IndexError";
}

/** A matrix that a decomposition cannot take: singular, or not positive definite. */
export class LinAlgError extends TapegradError {
  override name = "LinAlgError";
}

/** NaN or an infinity where a computation was asked to tell of it. */
export class NonFiniteError extends TapegradError {
  override name = "NonFiniteError";
}

/** Misuse of `compile`: reading inside, or a step that records another graph at each call. */
export class CompileError extends TapegradError {
  override name = "CompileError";
}

/** An option, file or argument that is not valid. */
export class ValueError extends TapegradError {
  override name = "ValueError";
}

/** Errors of the data, which a kernel reports and its reference throws. */
export const dataErrors = {
  index: IndexError,
  linalg: LinAlgError,
  nonFinite: NonFiniteError,
} as const;

/** An index out of range, a matrix that a decomposition cannot take, or NaN or an infinity. */
export type FaultKind = keyof typeof dataErrors;

/** What a kernel finds wrong with its data while it runs; the next awaited call rejects with it. */
export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}
