import type { Tensor } from "../tensor/tensor.ts";
import type { Chain } from "./explainPaths.ts";
import { idOfOutput } from "./explainPaths.ts";
import type { Tape } from "./tape.ts";
import type { TapeEntry, TapeInput, TapeSource } from "./tapeEntry.ts";
import { asFactor, substitute, summedText } from "./tapeFormula.ts";
import { numberIn, showNumber } from "./tapeNames.ts";

/** One summand of a gradient: what one op passes back. */
export interface ExplainedTerm {
  /** Its formula with the names of values, and of the gradient above: `g₂·(1 - tanh²%1)`. */
  readonly text: string;
  /** The same with another text for the gradient above. */
  readonly write: (g: string) => string;
  /** The op, and as which input of it the value was used; null for what the pass begins with. */
  readonly entry: TapeEntry | null;
  readonly input: TapeInput | null;
  readonly gradient: Tensor;
}

/** The gradient of one value between the loss and the parameter. */
export interface ExplainedStep {
  /** `g₃`, or `dL/d(weight)` for the parameter. */
  readonly symbol: string;
  /** The entry that made the value; null for a parameter that no entry made. */
  readonly entry: TapeEntry | null;
  readonly gradient: Tensor;
  /** What is summed: one term for each use of the value. */
  readonly terms: readonly ExplainedTerm[];
  /** Whether a hook may have changed the sum. */
  readonly hooked: boolean;
}

/** What an explanation is made of. */
export interface Found {
  readonly tape: Tape;
  readonly chain: Chain;
  /** The parameter on the tape. */
  readonly targets: readonly (TapeEntry | TapeSource)[];
  readonly gradient: Tensor;
}

export interface Explained extends Found {
  /** What the parameter is called. */
  readonly name: string;
  readonly steps: readonly ExplainedStep[];
}

/** `g₁₂` for entry 12. */
export const symbolOf = (entry: number): string =>
  `g${[...String(entry)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("")}`;

/** `dL/dw`, `dL/d(layers.0.weight)`. */
export const derivativeBy = (name: string): string =>
  `dL/d${/^(\p{L}|%\d+)$/u.test(name) ? name : `(${name})`}`;

export const nameOf = (part: TapeEntry | TapeSource): string => part.name ?? part.id;

/** The gradients from the loss to the parameter, in the order of the backward pass. */
export function stepsOf(found: Found): Explained {
  const { tape, chain, targets, gradient } = found;
  const last = idOfOutput(tape);
  const steps = [...chain.entries].reverse().map((entry): ExplainedStep => {
    const symbol = symbolOf(entry.number);
    const terms = termsOf(tape, [entry], last);
    return { symbol, entry, gradient: entry.incoming!, terms, hooked: entry.hooked };
  });
  const name = nameOf(targets[0]!);
  const [target] = targets;
  steps.push({
    symbol: derivativeBy(name),
    entry: target && "incoming" in target ? target : null,
    gradient,
    terms: termsOf(tape, targets, last),
    hooked: targets.some((t) => t.hooked),
  });
  return { ...found, name, steps };
}

function termsOf(
  tape: Tape,
  parts: readonly (TapeEntry | TapeSource)[],
  last: string,
): ExplainedTerm[] {
  const uses = parts.flatMap((part) => part.contributions);
  const terms = uses.map(({ entry, input, gradient }) => {
    return { ...useOf(tape.entries[entry]!, input), gradient };
  });
  return parts.some(({ id }) => id === last) ? [seedTerm(tape), ...terms] : terms;
}

function useOf(entry: TapeEntry, at: number): Omit<ExplainedTerm, "gradient"> {
  const input = entry.inputs[at]!;
  const names = Object.entries(entry.letters).map(([letter, name]) => [letter, asFactor(name)]);
  const letters: Record<string, string> = Object.fromEntries(names);
  const write = (g: string): string =>
    substitute(input.formula, g, letters) + summedText(input.summedOver);
  return { text: write(symbolOf(entry.number)), write, entry, input };
}

function seedTerm({ seed }: Tape): ExplainedTerm {
  const number = numberIn(seed.node);
  const text = number === null ? "given" : showNumber(number);
  return { text, write: () => text, entry: null, input: null, gradient: seed };
}
