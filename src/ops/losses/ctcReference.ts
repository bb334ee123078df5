import type { CtcMessages } from "../../../kernels/rows/ctc.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** The recursions of kernels/rows/ctc.ts in JavaScript. */

/** The logarithm of 0. */
const NONE = -1e30;
const isNone = (x: number): boolean => x < NONE / 10;

function logSum(...terms: readonly number[]): number {
  const top = Math.max(...terms);
  if (isNone(top)) return NONE;
  return top + Math.log(terms.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

type Inputs = ReferenceCall["inputs"];

/** One example of a lattice: how far it goes, and where its numbers lie. */
interface Example {
  readonly n: number;
  readonly steps: number;
  readonly last: number;
  at(t: number, s: number): number;
  /** Whether a path may come to state s from s - 2. */
  skips(s: number): boolean;
}

function examplesOf([emissions, labels, lengths]: Inputs): Example[] {
  const [, examples, states] = emissions!.shape as [number, number, number];
  const width = labels!.shape[1]!;
  return Array.from({ length: examples }, (_, n) => {
    const label = (s: number) => labels!.data[n * width + (s - 1) / 2];
    return {
      n,
      steps: lengths!.data[n]!,
      last: 2 * lengths!.data[examples + n]!,
      at: (t, s) => (t * examples + n) * states + s,
      skips: (s) => s % 2 === 1 && s > 2 && label(s) !== label(s - 2),
    };
  });
}

/** @throws IndexError where the kernel reports */
function check(call: ReferenceCall, { n, steps, last }: Example, messages: CtcMessages): void {
  const [emissions, labels] = call.inputs;
  const width = labels!.shape[1]!;
  const { classes, blank } = call.attrs as { readonly classes: number; readonly blank: number };
  if (steps < 0 || steps > emissions!.shape[0]!) throw new IndexError(messages.steps);
  if (last < 0 || last > 2 * width) throw new IndexError(messages.count);
  for (const label of labels!.data.slice(n * width, n * width + last / 2)) {
    if (label < 0 || label >= classes) throw new IndexError(messages.label);
    if (label === blank) throw new IndexError(messages.blank);
  }
}

export function ctcReference(call: ReferenceCall, messages: CtcMessages): TypedArray[] {
  const [losses, alphas] = call.outputs.map(call.create) as [TypedArray, TypedArray];
  const x = call.inputs[0]!.data;
  for (const example of examplesOf(call.inputs)) {
    check(call, example, messages);
    const { n, steps, last, at, skips } = example;
    for (let t = 0; t < steps; t++) {
      const before = (s: number) => alphas[at(t - 1, s)]!;
      for (let s = 0; s <= last; s++) {
        const start = s < 2 ? 0 : NONE;
        const reached = () =>
          logSum(before(s), s > 0 ? before(s - 1) : NONE, skips(s) ? before(s - 2) : NONE);
        alphas[at(t, s)] = (t === 0 ? start : reached()) + Math.max(x[at(t, s)]!, NONE);
      }
    }
    const total = totalOf(example, alphas);
    losses[n] = isNone(total) ? Infinity : 0 - total;
  }
  return [losses, alphas];
}

/** ln of the probability of all paths. */
function totalOf({ steps, last, at }: Example, alphas: TypedArray): number {
  if (steps === 0) return last === 0 ? 0 : NONE;
  const end = (s: number) => (s < 0 ? NONE : alphas[at(steps - 1, s)]!);
  return logSum(end(last), end(last - 1));
}

export function ctcBackwardReference({ inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const [g, emissions, labels, lengths, alphas] = inputs as [...Inputs];
  const slopes = create(outputs[0]!);
  for (const example of examplesOf([emissions!, labels!, lengths!])) {
    const { n, steps, last, at, skips } = example;
    const total = totalOf(example, alphas!.data);
    let after: number[] = [];
    for (let t = steps - 1; t >= 0; t--) {
      const beta = Array.from({ length: last + 1 }, (_, s) => {
        if (t === steps - 1) return s + 1 >= last ? 0 : NONE;
        const [next, third] = [after[s + 1] ?? NONE, skips(s + 2) ? after[s + 2] : undefined];
        return logSum(after[s]!, next, third ?? NONE);
      });
      after = beta.map((b, s) => b + Math.max(emissions!.data[at(t, s)]!, NONE));
      if (isNone(total)) continue;
      beta.forEach((b, s) => {
        slopes[at(t, s)] = -g!.data[n]! * Math.exp(alphas!.data[at(t, s)]! + b - total);
      });
    }
  }
  return [slopes];
}
