import { DTypeError, GradError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { noGrad } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { chainTo } from "./explainPaths.ts";
import { type Explained, type ExplainedStep, stepsOf } from "./explainSteps.ts";
import { explanationText } from "./explainText.ts";
import { makeTape, Tape, type TapeOptions } from "./tape.ts";
import type { TapeEntry, TapeSource } from "./tapeEntry.ts";
import { normsOf } from "./tapeRead.ts";

export interface ExplainOptions extends TapeOptions {
  /** What the loss is differentiated by: a tensor, or its name. */
  readonly parameter: Tensor | string;
}

/** The chain rule from a loss to one parameter. `String(explanation)` is the text of it. */
export class Explanation {
  /** What it tells, step by step from the loss to the parameter. */
  readonly steps: readonly ExplainedStep[];
  /** How many ways lead from the loss to the parameter: their products are summed. */
  readonly pathCount: bigint;
  /** d(loss)/d(parameter), lazy. */
  readonly gradient: Tensor;
  /** The Euclidean norm of each gradient that the steps show; null before `withNorms`. */
  readonly norms: ReadonlyMap<Tensor, number> | null;
  readonly #explained: Explained;

  constructor(explained: Explained, norms: ReadonlyMap<Tensor, number> | null = null) {
    this.steps = explained.steps;
    this.pathCount = explained.chain.pathCount;
    this.gradient = explained.gradient;
    this.norms = norms;
    this.#explained = explained;
  }

  /** The same with the Euclidean norm of each gradient, which shows where one vanishes. */
  async withNorms(): Promise<Explanation> {
    const gradients = this.steps.flatMap((step) => [
      step.gradient,
      ...step.terms.map((term) => term.gradient),
    ]);
    const norms = await normsOf(new Map(gradients.map((gradient) => [gradient, gradient])));
    return new Explanation(this.#explained, norms);
  }

  toString(): string {
    return explanationText(this.#explained, this.norms);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Explains d(loss)/d(parameter) by the chain rule: the ops between the two, what each passes back
 * as a formula with shapes and source lines, the sum over several paths, and the product written
 * out. Nothing is computed before a norm or value is asked for; the record is kept.
 * @param loss a function that computes it (then each op's source line is known), the tape of one,
 *   or the loss itself
 * @throws GradError when the loss requires no gradient, does not depend on the parameter, or its
 *   record was released
 */
export function explain(
  loss: Tensor | Tape | (() => Tensor),
  options: ExplainOptions,
): Explanation {
  const { parameter } = options;
  if (typeof parameter !== "string" && !(parameter instanceof Tensor)) {
    throw new DTypeError(
      `explain: the parameter is neither a tensor nor a name; got ${typeof parameter}. ` +
        "Give it as an option: explain(loss, { parameter: layer.weight }).",
    );
  }
  const tape = tapeFrom(loss, options);
  const targets = find(tape, parameter);
  const gradients = targets.flatMap((target) => gradientOf(target) ?? []);
  const gradient = gradients.reduce<Tensor | null>(
    (sum, g) => (sum === null ? g : noGrad(() => add(sum, g))),
    null,
  );
  if (gradient === null) throw noPath(tape, parameter);
  const chain = chainTo(tape, new Set(targets.map(({ id }) => id)));
  return new Explanation(stepsOf({ tape, chain, targets, gradient }));
}

function tapeFrom(loss: Tensor | Tape | (() => Tensor), options: ExplainOptions): Tape {
  if (loss instanceof Tape) return loss;
  if (typeof loss === "function") return makeTape("explain", loss, options);
  if (loss instanceof Tensor) return makeTape("explain", () => loss, options);
  throw new DTypeError(
    `explain: the loss is neither a tensor, a function nor a tape; got ${typeof loss}. ` +
      "Give what is differentiated: explain(() => loss(x), { parameter }).",
  );
}

/** The parameter on the tape; a variable that was assigned meanwhile may stand there twice. */
function find(tape: Tape, parameter: Tensor | string): (TapeEntry | TapeSource)[] {
  if (typeof parameter === "string") {
    const { sources, entries } = tape;
    return [
      ...sources.filter((s) => s.name === parameter),
      ...entries.filter((e) => e.name === parameter),
    ];
  }
  const { node } = parameter;
  const isIt = (t: Tensor): boolean => t.node === node || t.node.owner === (parameter as unknown);
  return [
    ...tape.sources.filter(({ tensor }) => isIt(tensor)),
    ...tape.entries.filter(({ output }) => isIt(output)),
  ];
}

const gradientOf = (part: TapeEntry | TapeSource): Tensor | null =>
  "incoming" in part ? part.incoming : part.gradient;

function noPath(tape: Tape, parameter: Tensor | string): GradError {
  const named = tape.leaves.map(({ name }) => name).join(", ");
  const depends = `It depends on ${named}`;
  if (typeof parameter === "string") {
    return new GradError(
      `explain: the loss depends on nothing called "${parameter}". ${depends}. ` +
        "Give one of these names, or the tensor; { model } gives parameters their paths as names.",
    );
  }
  if (!parameter.requiresGrad) {
    return new GradError(
      `explain: the parameter requires no gradient; got ${show(parameter.shape)}. ${depends}. ` +
        "Make the parameter with { requiresGrad: true }, before the loss is computed.",
    );
  }
  return new GradError(
    `explain: the loss does not depend on the parameter; got ${show(parameter.shape)}. ${depends}. ` +
      "Use the parameter in the loss, and not only through stopGradient, noGrad or whole numbers.",
  );
}
