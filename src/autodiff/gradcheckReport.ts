import { GradError } from "../core/errors.ts";
import { type Shape, show } from "../core/shape.ts";

/** Where the derivative rules and the differences are furthest apart. */
export interface WorstElement {
  /** Place of the element, one number per axis; of the direction where directions were taken. */
  readonly index: readonly number[];
  readonly analytic: number;
  readonly numeric: number;
}

/** An element at which differences cannot judge: it is not counted. */
export interface Kink {
  readonly index: readonly number[];
  readonly why: string;
}

/** What `gradcheck` found at one input. */
export interface InputReport {
  readonly order: 1 | 2;
  readonly name: string;
  readonly shape: Shape;
  /** ||a - n|| / (||a|| + ||n||) over the judged elements; 0 where both norms are below 1e-10. */
  readonly relativeError: number;
  readonly tolerance: number;
  readonly ok: boolean;
  /** How many elements, or directions, were compared. */
  readonly judged: number;
  readonly directions: boolean;
  readonly worst: WorstElement | null;
  readonly kinks: readonly Kink[];
  /** What else there is to say: why it was skipped, or why it cannot be right. */
  readonly note: string | null;
}

/** What `gradcheck` found; prints as a table. */
export class GradcheckReport {
  readonly inputs: readonly InputReport[];
  /** Why there was nothing to compare: the function gave NaN or infinity. */
  readonly problem: string | null;

  constructor(inputs: readonly InputReport[], problem: string | null) {
    this.inputs = inputs;
    this.problem = problem;
  }

  get ok(): boolean {
    return this.problem === null && this.inputs.every((input) => input.ok);
  }

  toString(): string {
    const first = this.problem ?? (this.ok ? "the gradients are right" : "a gradient is wrong");
    return [`gradcheck: ${first}`, ...this.inputs.map((input) => `  ${lineOf(input)}`)].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** @throws GradError naming the first wrong input and its worst element. */
  orThrow(): this {
    if (this.ok) return this;
    if (this.problem !== null) {
      throw new GradError(`gradcheck: ${this.problem}. Check it at inputs where it is finite.`);
    }
    const wrong = this.inputs.find((input) => !input.ok)!;
    throw new GradError(
      `gradcheck: ${orderOf(wrong)} of ${wrong.name} cannot be trusted; got ${describe(wrong)}. ` +
        "Correct the derivative rule of the op that leads there, or check at smooth points.",
    );
  }
}

const orderOf = ({ order }: InputReport): string =>
  order === 1 ? "the gradient" : "the second derivative";

function lineOf(input: InputReport): string {
  const mark = input.judged === 0 && input.ok ? "-" : input.ok ? "ok" : "WRONG";
  return `${mark} ${input.name} ${show(input.shape)}, order ${input.order}: ${describe(input)}`;
}

function describe(input: InputReport): string {
  const parts = input.note === null ? [] : [input.note];
  if (input.judged > 0) {
    const what = input.directions ? "directions" : "elements";
    parts.push(
      `relative error ${input.relativeError.toExponential(1)} over ${input.judged} ${what}`,
    );
  }
  if (!input.ok && input.worst !== null) parts.push(worstText(input, input.worst));
  if (input.kinks.length > 0) parts.push(kinkText(input.kinks));
  return parts.join("; ");
}

function worstText({ directions }: InputReport, { index, analytic, numeric }: WorstElement) {
  const where = directions ? `direction ${index}` : `element ${show(index)}`;
  return `worst at ${where}: the rule gives ${analytic}, differences give ${numeric}`;
}

const SHOWN = 4;

function kinkText(kinks: readonly Kink[]): string {
  const first = kinks.slice(0, SHOWN).map(({ index, why }) => `${show(index)} (${why})`);
  const more = kinks.length > SHOWN ? ` and ${kinks.length - SHOWN} more` : "";
  return `not judged, kink at ${first.join(", ")}${more}`;
}
