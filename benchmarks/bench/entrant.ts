import { type Case, type CaseName, cases } from "../cases.ts";
import type { Answers, Requests, RequestType } from "../sides/protocol.ts";
import { type Losses, record } from "./agree.ts";
import type { Outcome } from "./report.ts";
import { GivenUp, type Session } from "./session.ts";
import type { SideName } from "./sides.ts";

/** How much of a case is measured. */
export interface Effort {
  /** Blocks of each side, if there is time. */
  readonly blocks: number;
  /** Milliseconds that a block of several steps should take. */
  readonly blockMs: number;
  /** Most steps of a block, with one reading at its end. */
  readonly steps: Readonly<Record<Case["kind"], number>>;
  /** A side that has taken so long begins no further block, once it has done `leastBlocks`. */
  readonly budgetMs: number;
}

/** Of a side that is slow: enough for a median. */
const LEAST_BLOCKS = 3;

/** Lengths of blocks that end at the same steps now and then, where losses are compared. */
const lengths = [50, 20, 10, 5, 2, 1];

/** One side in one case: a session, and what it measured so far. */
export class Entrant {
  readonly side: SideName;
  readonly losses: Losses = new Map();
  /** Mean magnitude of an operation's result. */
  magnitude: number | undefined;
  megabytes: number | undefined;
  /** From the start of the process to the first result. */
  sinceStart: number | undefined;
  note: string | undefined;
  adapter = "";
  readonly #open: () => Promise<Session>;
  readonly #values: number[] = [];
  #session: Session | undefined;
  #stopped: Outcome | undefined;
  #spentMs = 0;
  #steps = 1;

  constructor(side: SideName, open: () => Promise<Session>) {
    this.side = side;
    this.#open = open;
  }

  get outcome(): Outcome {
    return this.#stopped ?? { values: this.#values };
  }

  /** Does something that may fail: then this side is out, and the others go on. */
  async attempt(work: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    try {
      await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#stopped = error instanceof GivenUp ? { givenUp: reason } : { failed: reason };
      await this.close();
    }
  }

  /** Gives up with words of one's own. */
  giveUp(why: string): never {
    throw new GivenUp(why);
  }

  ask<Type extends RequestType>(
    type: Type,
    request: Requests[Type],
    capMs?: number,
  ): Promise<Answers[Type]> {
    if (!this.#session) throw new Error("the session is not open");
    return this.#session.ask(type, request, capMs);
  }

  prepare(name: CaseName, capMs?: number, sizes?: unknown): Promise<void> {
    return this.attempt(async () => {
      this.#session = await this.#open();
      const first = await this.ask("prepare", { name, sizes }, capMs);
      this.losses.set(0, first.value);
      this.adapter = first.adapter;
      this.note = first.note;
      this.sinceStart = first.sinceStart;
    });
  }

  /** Two steps alone, after which the length of the blocks is known. */
  warmUp(name: CaseName, { steps, blockMs }: Effort): Promise<void> {
    return this.attempt(async () => {
      record(this.losses, await this.ask("block", { steps: 1 }));
      const second = await this.ask("block", { steps: 1 });
      record(this.losses, second);
      const most = Math.min(steps[cases[name].kind], blockMs / second.ms);
      this.#steps = lengths.find((length) => length <= most) ?? 1;
    });
  }

  block({ budgetMs }: Effort): Promise<void> {
    return this.attempt(async () => {
      if (this.#spentMs > budgetMs && this.#values.length >= LEAST_BLOCKS) return;
      const answer = await this.ask("block", { steps: this.#steps });
      record(this.losses, answer);
      this.#values.push(answer.ms);
      this.#spentMs += answer.ms * this.#steps;
    });
  }

  /** A value that is no time of a block. */
  add(value: number): void {
    this.#values.push(value);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}
