import { DeviceError } from "../core/errors.ts";
import type { Run } from "../core/ir.ts";
import type { Runnable } from "./encode.ts";
import type { Faults } from "./errors.ts";

/** Runs that may be on their way before `settle` waits for the oldest. */
const IN_FLIGHT = 4;
/** Asking when work is done costs about as much as a launch: it is asked once for so many runs. */
const RUNS_PER_MARK = 2;
/** A loop that never awaits cannot be told of anything: it is stopped here. */
const MOST_UNAWAITED = 2000;

/** What goes to the device's queue, in order: runs, and commands between them. */
export class RunQueue {
  readonly #queue: GPUQueue;
  readonly #faults: Faults;
  /** Runs whose pipelines are still being made wait here, in order. */
  readonly #waiting: { readonly plan: Runnable; readonly call: Run }[] = [];
  #draining: Promise<void> | null = null;
  /** Each resolves when its runs, and all before them, are done. */
  readonly #marks: Promise<void>[] = [];
  #unmarked = 0;
  #sinceTurn = 0;
  #joining = false;
  /** Commands that go with the next submit. */
  #joined: GPUCommandBuffer[] = [];
  /** Plans that may have flagged a fault since it was last read. */
  readonly #flagged = new Set<Runnable>();
  #looking: Promise<void> | null = null;

  constructor(queue: GPUQueue, faults: Faults) {
    this.#queue = queue;
    this.#faults = faults;
  }

  /** Resolves when no run waits for its pipelines; null when none does. */
  get draining(): Promise<void> | null {
    return this.#draining;
  }

  /** Encodes a run now, or after those that wait for their pipelines. */
  enqueue(plan: Runnable, call: Run): void {
    if (++this.#sinceTurn > MOST_UNAWAITED) {
      throw new DeviceError(
        `run: ${MOST_UNAWAITED} runs were enqueued without one await; nothing can finish, be read ` +
          "or be reported meanwhile. Await the step: `await opt.step()`, `await step(x, y)`.",
      );
    }
    if (this.#draining === null && plan.isReady) this.#run(plan, call);
    else {
      // The caller may use its arrays again for the next run.
      const { sources, scalars, targets } = call;
      const kept = { sources: [...sources], scalars: Array.from(scalars), targets: [...targets] };
      this.#waiting.push({ plan, call: kept });
      this.#draining ??= this.#drain();
    }
  }

  /** Runs enqueued by `enqueue` go along with the next run, in its submit. */
  joinNext(enqueue: () => void): void {
    this.#joining = true;
    try {
      enqueue();
    } finally {
      this.#joining = false;
    }
  }

  submit(...commands: GPUCommandBuffer[]): void {
    this.#queue.submit(this.#joined.length === 0 ? commands : [...this.#joined, ...commands]);
    this.#joined = [];
  }

  /** Something that was read has arrived: the program lets others have their turn. */
  turned(): void {
    this.#sinceTurn = 0;
  }

  /**
   * Resolves when few enough runs are in flight. That takes a turn of the event loop every other
   * run at least, in which timers run and a page is drawn.
   */
  settle(): Promise<void> | null {
    if (this.#joined.length > 0) this.submit();
    const isQuiet = this.#draining === null && this.#flagged.size === 0 && !this.#faults.any;
    return isQuiet && !this.#isFull ? null : this.#settle();
  }

  async #settle(): Promise<void> {
    await this.#draining;
    if (this.#isFull) await this.#marks[0];
    this.#lookForFaults();
    this.#faults.throwIfAny();
  }

  /** @throws what went wrong on the device up to now; waits for the flags of runs before. */
  async check(): Promise<void> {
    this.#lookForFaults();
    await this.#looking;
    this.#faults.throwIfAny();
  }

  get #isFull(): boolean {
    return this.#marks.length * RUNS_PER_MARK + this.#unmarked > IN_FLIGHT;
  }

  #run(plan: Runnable, call: Run): void {
    const commands = plan.encode(call);
    if (plan.hasFaults) this.#flagged.add(plan);
    if (this.#joining) {
      this.#joined.push(commands);
      return;
    }
    this.submit(commands);
    if (++this.#unmarked < RUNS_PER_MARK) return;
    this.#unmarked = 0;
    this.#marks.push(this.#queue.onSubmittedWorkDone().then(this.#passed));
  }

  readonly #passed = (): void => {
    void this.#marks.shift();
    this.#sinceTurn = 0;
  };

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { plan, call } = this.#waiting[0];
      await plan.ready;
      try {
        if (plan.isReady) this.#run(plan, call);
      } catch (error) {
        this.#faults.add(error as Error);
      }
      this.#waiting.shift();
    }
    this.#draining = null;
  }

  /** Reads the fault flags of finished runs, without anyone waiting: the next await tells. */
  #lookForFaults(): void {
    if (this.#flagged.size === 0 || this.#looking !== null) return;
    const plans = [...this.#flagged];
    this.#flagged.clear();
    this.#looking = Promise.all(plans.map((plan) => plan.checkFaults()))
      .then(undefined, (error: Error) => this.#faults.add(error))
      .then(() => {
        this.#looking = null;
      });
  }
}
