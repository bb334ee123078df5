import type { Device } from "tapegrad";
import { type Case, cases } from "../cases.ts";
import { countGpu } from "../counter.ts";
import type { Answers, Request, Requests } from "./protocol.ts";
import type { Runnable, Side } from "./side.ts";

/** Steps of a loop from one reading of the loss to the next. */
const READ_EVERY = 10;
/** A loop warms up for as many steps as are measured, and so long: engines compile it meanwhile, in
 *  threads of their own. A slow one is stopped. */
const WARM_UP_MS = { least: 1000, most: 3000 };

/** The device that a framework opens, seen from outside: frameworks hide it. */
function watchDevice(): () => GPUDevice {
  let device: GPUDevice | undefined;
  const { prototype } = GPUAdapter;
  const { requestDevice } = prototype;
  prototype.requestDevice = async function (...args) {
    device = await requestDevice.apply(this, args);
    return device;
  };
  return () => {
    if (device === undefined) throw new Error("this side has opened no WebGPU device");
    return device;
  };
}

/** Answers the runner's requests on one side, in a process or a page of its own. */
export class Worker {
  readonly #side: Side;
  readonly #device: () => GPUDevice;
  #running: Runnable | null = null;
  #next = 0;

  constructor(side: Side) {
    this.#side = side;
    this.#device = watchDevice();
  }

  async answer(request: Request): Promise<Answers[keyof Answers]> {
    switch (request.type) {
      case "prepare":
        return this.#prepare(request);
      case "block":
        return this.#block(request);
      case "magnitude":
        return this.#magnitude();
      case "launches":
        return this.#launches();
      case "loop":
        return this.#loop(request);
      case "memory":
        return { megabytes: process.resourceUsage().maxRSS / 1024 };
      case "peak":
        return this.#peak();
    }
  }

  get #runnable(): Runnable {
    if (this.#running === null) throw new Error("no case is prepared");
    return this.#running;
  }

  async #prepare({ name, sizes }: Requests["prepare"]): Promise<Answers["prepare"]> {
    const adapter = await this.#side.open();
    const entry: Case = cases[name];
    this.#running = await entry.build(this.#side, sizes ?? entry.sizes);
    const { value } = await this.#block({ steps: 1 });
    return { adapter, value, sinceStart: performance.now(), note: this.#running.note };
  }

  async #block({ steps }: Requests["block"]): Promise<Answers["block"]> {
    const { step, read } = this.#runnable;
    const start = performance.now();
    for (let i = 0; i < steps; i++) await step(this.#next++);
    const value = await read();
    return { ms: (performance.now() - start) / steps, value, index: this.#next - 1 };
  }

  async #magnitude(): Promise<Answers["magnitude"]> {
    const values = await this.#runnable.all?.();
    if (!values) return { value: null };
    return { value: values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length };
  }

  async #launches(): Promise<Answers["launches"]> {
    const counter = countGpu({ kind: "webgpu", gpu: this.#device() } as Device);
    await this.#runnable.read();
    counter.take();
    await this.#runnable.step(this.#next++);
    const { launches } = counter.take();
    // Launches that a framework still holds back reach WebGPU with the read.
    await this.#runnable.read();
    return { launches: launches + counter.take().launches };
  }

  async #loop({ steps, capMs }: Requests["loop"]): Promise<Answers["loop"]> {
    const perStep = capMs / steps;
    const { least, most } = WARM_UP_MS;
    await this.#steps(Number.POSITIVE_INFINITY, (ms, done) => {
      const spent = ms * done;
      return spent > most || (done >= steps && spent > least);
    });
    return this.#steps(steps, (ms, done) => done >= 2 * READ_EVERY && ms > perStep);
  }

  /** Awaited steps, with a look at the mean time at each reading.
   *  @param enough whether to stop, given the milliseconds of a step and how many are done */
  async #steps(
    count: number,
    enough: (ms: number, done: number) => boolean,
  ): Promise<Answers["loop"]> {
    const { step, read } = this.#runnable;
    const start = performance.now();
    for (let done = 1; done <= count; done++) {
      await step(this.#next++);
      if (done % READ_EVERY > 0) continue;
      await read();
      const ms = (performance.now() - start) / done;
      if (enough(ms, done)) return { ms, steps: done };
    }
    return { ms: (performance.now() - start) / count, steps: count };
  }

  async #peak(): Promise<Answers["peak"]> {
    await this.#side.open();
    if (!this.#side.peak) throw new Error("this side cannot measure the adapter");
    return this.#side.peak();
  }
}
