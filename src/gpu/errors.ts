import { DeviceError, TapegradError } from "../core/errors.ts";

/** WebGPU rejected a shader, pipeline or command: the message names op, kernel and line. */
export class ShaderError extends TapegradError {
  override name = "ShaderError";
}

/** Faults that show only after the work was enqueued: they reject the next awaited call. */
export class Faults {
  #first: Error | null = null;
  #lost: DeviceError | null = null;

  /** The device is gone: everything from now on fails with this. */
  lose(reason: string): void {
    this.#lost ??= new DeviceError(
      `device: lost (${reason}). Call init() again and make the tensors anew; ` +
        "parameters can be loaded from the last checkpoint.",
    );
  }

  get lost(): DeviceError | null {
    return this.#lost;
  }

  /** Whether there is something to throw. */
  get any(): boolean {
    return this.#lost !== null || this.#first !== null;
  }

  add(error: Error): void {
    this.#first ??= error;
  }

  /** @throws the first fault since the last call, or the loss of the device. */
  throwIfAny(): void {
    if (this.#lost !== null) throw this.#lost;
    const error = this.#first;
    this.#first = null;
    if (error !== null) throw error;
  }
}
