import type { TuneMode, Tuning } from "../../core/device.ts";
import type { Executable, Run } from "../../core/ir.ts";
import type { GpuDevice, Planner, PlanTuner } from "../device.ts";
import type { GpuPlan } from "../encode.ts";
import type { PlanSpec } from "../spec.ts";
import { type Contestant, contest, type Result } from "./contest.ts";
import { chooser, launchesOf, type Question, questionsOf } from "./draft.ts";
import type { Winners } from "./records.ts";
import { Scratch } from "./scratch.ts";
import { stopwatch, type Timer } from "./stopwatch.ts";
import { Trial } from "./trial.ts";
import { TunedPlan } from "./tunedPlan.ts";

export interface TunerOptions {
  readonly mode: Exclude<TuneMode, "off">;
  /** What is on record from before. */
  readonly recorded: Winners;
  /** What this process has decided on this adapter, whichever device it was for. */
  readonly decided: Map<string, string>;
  readonly hash: (winners: Winners) => string;
  /** Remembers new winners. */
  readonly save: (winners: Winners) => Promise<void>;
  /** The device's own clock where none is given. */
  readonly timer?: Timer;
}

/** How a decision came about. */
export interface Decision extends Result {
  readonly key: string;
  /** What the static rule had chosen. */
  readonly first: string;
}

/** Decides between variants before a plan first runs: by the record, or by timing them. */
export class Tuner implements PlanTuner {
  /** Told of every decision that was made by timing. */
  onDecision: (decision: Decision) => void = () => {};
  readonly #device: GpuDevice;
  readonly #options: TunerOptions;
  readonly #timer: Timer;
  /** Plans are tuned one after the other: two at once would disturb each other's times. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(device: GpuDevice, options: TunerOptions) {
    this.#device = device;
    this.#options = options;
    this.#timer = options.timer ?? stopwatch(device);
  }

  get tuning(): Tuning {
    const { mode, recorded, decided, hash } = this.#options;
    const winners = { ...(mode === "on" ? recorded : {}), ...Object.fromEntries(decided) };
    return { mode, winners, hash: hash(winners) };
  }

  load(planner: Planner): Executable {
    const { spec, questions } = this.#draft(planner);
    if (questions.length === 0) return this.#device.make(spec);
    return new TunedPlan(this.#device, (call) => {
      const made = this.#turn.then(() => this.#tune(planner, call));
      this.#turn = made.catch(() => "whoever runs the plan is told");
      return made;
    });
  }

  #nameOf(key: string): string | undefined {
    const { mode, recorded, decided } = this.#options;
    return decided.get(key) ?? (mode === "on" ? recorded[key] : undefined);
  }

  #plan(planner: Planner, forced?: ReadonlyMap<string, string>): PlanSpec {
    const choose = chooser((key) => forced?.get(key) ?? this.#nameOf(key));
    return planner({ ...this.#device.target, choose });
  }

  #draft(planner: Planner): { spec: PlanSpec; questions: Question[] } {
    const spec = this.#plan(planner);
    const isOpen = (key: string, names: readonly string[]): boolean =>
      !names.includes(this.#nameOf(key) ?? "");
    return { spec, questions: questionsOf(spec, isOpen) };
  }

  async #tune(planner: Planner, call: Run): Promise<GpuPlan> {
    const news: Record<string, string> = {};
    for (;;) {
      const { spec, questions } = this.#draft(planner);
      if (questions.length === 0) {
        if (Object.keys(news).length > 0) await this.#options.save(news);
        return this.#device.make(spec);
      }
      const trials = this.#trialsOf(planner, questions, spec, call);
      await this.#device.gpu.queue.onSubmittedWorkDone();
      for (const [i, question] of questions.entries()) {
        const result = await this.#decide(question, trials[i]);
        const winner = result?.winner ?? question.names[0];
        // Another device of this process may have been quicker: its choice is in use.
        if (!this.#options.decided.has(question.key)) {
          this.#options.decided.set(question.key, winner);
          if (result !== null) news[question.key] = winner;
        }
      }
    }
  }

  /** A trial of each variant of each question; their shaders compile at the same time. */
  #trialsOf(
    planner: Planner,
    questions: readonly Question[],
    draft: PlanSpec,
    call: Run,
  ): Trial[][] {
    const trials = questions.map((): Trial[] => []);
    const most = Math.max(...questions.map(({ names }) => names.length));
    for (let at = 0; at < most; at++) {
      const asked = questions.filter(({ names }) => at < names.length);
      const forced = new Map(asked.map(({ key, names }) => [key, names[at]]));
      const spec = at === 0 ? draft : this.#plan(planner, forced);
      const launches = launchesOf(spec);
      questions.forEach(({ shapes, names, launch }, i) => {
        const stages = launches[launch];
        const chosen = stages?.[0].choices.find((c) => c.shapes === shapes)?.chosen;
        if (at >= names.length || chosen !== names[at]) return;
        trials[i].push(new Trial(this.#device, names[at], spec, stages, call));
      });
    }
    return trials;
  }

  /** Null where nothing could be timed: the static rule stands, and is not remembered. */
  async #decide(question: Question, trials: readonly Trial[]): Promise<Result | null> {
    const scratch = new Scratch(this.#device.gpu);
    let result: Result | null = null;
    try {
      const sound = await this.#compiled(question.key, trials);
      const place = () => {
        for (const trial of sound) trial.place(scratch);
      };
      if (sound.length > 0 && (await scratch.fits(place))) {
        result = await contest(sound.map((trial) => this.#contestant(question, trial)));
        this.onDecision({ key: question.key, first: question.names[0], ...result });
      }
      return result;
    } finally {
      const chosen = result?.winner ?? question.names[0];
      const kept = trials.find(({ name }) => name === chosen);
      for (const trial of trials) trial.free(kept);
      scratch.free();
    }
  }

  #contestant({ shapes }: Question, trial: Trial): Contestant {
    const { name } = trial;
    return {
      name,
      time: async (repeats) => {
        const { plan, call } = await trial.repeated(repeats);
        return this.#timer(plan, call, { shapes, name });
      },
    };
  }

  async #compiled(key: string, trials: readonly Trial[]): Promise<Trial[]> {
    const sound: Trial[] = [];
    for (const trial of trials) {
      try {
        await trial.compiled();
        sound.push(trial);
      } catch (error) {
        console.warn(
          `tune: variant ${trial.name} of ${key} is dropped on ${this.#device.line}: ` +
            `${(error as Error).message}`,
        );
      }
    }
    return sound;
  }
}
