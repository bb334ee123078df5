import type { Device } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";

/** Ops that may read back in the middle of their graph on webgpu: at most 8, small matrices only. */
const MAY_READ_BACK: ReadonlySet<string> = new Set([]);

/** The device that cases run on; it notices values that are read while a graph is recorded. */
export class Context {
  readonly device: Device;
  #reads = 0;

  constructor(device: Device) {
    this.device = device;
    const read = device.read.bind(device) as (...args: unknown[]) => unknown;
    const counting = (...args: unknown[]): unknown => {
      this.#reads++;
      return read(...args);
    };
    (device as { read: unknown }).read = counting;
  }

  /**
   * What `record` builds, without a value being computed for it.
   * @throws Unsupported when it reads back on webgpu
   */
  async recording<T>(op: string, record: () => T | Promise<T>): Promise<T> {
    const before = this.#reads;
    const built = await record();
    const reads = this.#reads - before;
    if (reads === 0 || this.device.kind === "cpu" || MAY_READ_BACK.has(op)) return built;
    throw new Unsupported(`${op}, which reads back in the middle of its graph`);
  }
}

/** One case: its problems, none when it passes. `run` throws Unsupported where it does not apply. */
export interface Check {
  readonly name: string;
  run(context: Context): Promise<readonly string[]>;
}
