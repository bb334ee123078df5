import type { Race } from "./paths.ts";

/** Enough for a picture; lines with more points draw slowly. */
const MOST_STEPS = 500;

/** Advances a race step by step, by itself or when asked. */
export class Player {
  readonly #onChange: () => void;
  readonly #delay: () => number;
  #race: Race | null = null;
  #isPlaying = false;
  #steps = 0;
  /** The last thing to do: one step at a time, also when the race is another by then. */
  #queue: Promise<void> = Promise.resolve();

  /** @param delay milliseconds between steps */
  constructor(delay: () => number, onChange: () => void) {
    this.#delay = delay;
    this.#onChange = onChange;
  }

  get race(): Race | null {
    return this.#race;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  get steps(): number {
    return this.#steps;
  }

  get isOver(): boolean {
    return this.#steps >= MOST_STEPS || (this.#race?.isOver ?? true);
  }

  /** Puts all at the start of another race. */
  begin(race: Race): Promise<void> {
    this.#race = race;
    this.#isPlaying = false;
    this.#steps = -1;
    return this.#advance(race);
  }

  /** One step of all. */
  step(): Promise<void> {
    this.pause();
    return this.#race === null ? Promise.resolve() : this.#advance(this.#race);
  }

  pause(): void {
    this.#isPlaying = false;
    this.#onChange();
  }

  async play(): Promise<void> {
    const race = this.#race;
    if (race === null || this.#isPlaying) return;
    this.#isPlaying = true;
    const goesOn = () => this.#isPlaying && this.#race === race && !this.isOver;
    while (goesOn()) {
      const frame = new Promise((resolve) => setTimeout(resolve, this.#delay()));
      await this.#advance(race);
      await frame;
    }
    if (this.#race === race) this.pause();
  }

  #advance(race: Race): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#race !== race || this.isOver) return;
      await race.advance();
      if (this.#race !== race) return;
      this.#steps++;
      this.#onChange();
    });
    return this.#queue;
  }
}
