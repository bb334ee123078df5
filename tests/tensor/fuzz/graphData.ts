/**
 * A random graph as plain data. Steps refer to values by counting back from the newest one that
 * fits, and take what is missing as 0: whatever is left out, the rest is still a graph, which is
 * how failing graphs shrink.
 */
export interface GraphData {
  /** Decides the numbers in the leaves. */
  readonly seed: number;
  readonly leaves: readonly LeafData[];
  readonly steps: readonly StepData[];
  /** Values to compare, and to send gradients from, counted back from the newest. */
  readonly outputs: readonly number[];
}

export interface LeafData {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly grad: boolean;
}

export interface StepData {
  /** A name in `draws`. */
  readonly op: string;
  /** Which value it works on, counted back from the newest that fits. */
  readonly on: number;
  /** What else it has to decide: axes, sizes, other inputs. */
  readonly numbers: readonly number[];
  /** The steps of the function that `checkpoint` and `vmap` take. */
  readonly body?: readonly StepData[];
}

/** How a graph is planned: each way, the planner has to decide otherwise. */
export const targets = {
  "as the adapter is": {},
  "with four bindings a kernel": { maxBindings: 4 },
  "with the kernels for hardware": { software: false },
} as const;

export interface CaseData extends GraphData {
  readonly target: keyof typeof targets;
  /** All outputs and gradients by one plan, or one after the other. */
  readonly together: boolean;
  /** The leaves are trained for some steps instead. */
  readonly training?: { readonly optimizer: "sgd" | "adam"; readonly clip: boolean };
}

/** What a step decides by, one number after the other; 0 when there are no more. */
export class Choices {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** 0 … n - 1. */
  below(n: number): number {
    return (this.#numbers[this.#at++] ?? 0) % Math.max(n, 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === n - 1;
  }

  shuffled(n: number): number[] {
    const list = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = i - this.below(i + 1);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }
}

/** The case as a line to paste into cases.ts: numbers that are 0 anyway are left out. */
export function textOf(data: CaseData): string {
  const tidy = (step: StepData): StepData => ({
    ...step,
    numbers: step.numbers.slice(0, step.numbers.findLastIndex((n) => n !== 0) + 1),
    ...(step.body === undefined ? {} : { body: step.body.map(tidy) }),
  });
  return JSON.stringify({ ...data, steps: data.steps.map(tidy) });
}
