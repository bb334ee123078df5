import { sizeOf } from "../core/shape.ts";
import { slopeAlong } from "./differences.ts";
import { type Checked, evaluate } from "./gradcheckFunction.ts";
import { placeOf, randomWeights } from "./gradcheckInputs.ts";
import type { InputReport, Kink, WorstElement } from "./gradcheckReport.ts";

export interface CheckSettings {
  readonly tolerance: number;
  readonly directions: number | null;
}

/** The point at which a function is checked, and what its outputs are projected on. */
export interface Point {
  readonly base: Float64Array;
  readonly weights: Float64Array;
}

/** Norms below this count as equal. */
const TINY = 1e-10;

/** Compares one input's derivatives with differences. */
export async function checkInput(
  checked: Checked,
  point: Point,
  input: number,
  analytic: Float64Array | null,
  { tolerance, directions }: CheckSettings,
): Promise<InputReport> {
  const { name, shape, dtype } = checked.inputs[input]!;
  const some = directions !== null && directions < sizeOf(shape);
  const about = { order: checked.order, name, shape, tolerance, directions: some };
  if (analytic === null) return untouched(about, `skipped, ${dtype} has no gradient`, true);
  if (analytic.length === 0) return untouched(about, "no elements", true);
  const broken = analytic.findIndex((a) => !Number.isFinite(a));
  if (broken >= 0) {
    const index = placeOf(broken, shape);
    const note = `the rule gives ${analytic[broken]} at element [${index.join(", ")}]`;
    return untouched(about, note, false);
  }
  const { judged, kinks } = await compare(
    checked,
    point,
    input,
    analytic,
    some ? directions : null,
  );
  return verdict(about, judged, kinks);
}

/** Element by element, or along some random directions. */
async function compare(
  checked: Checked,
  point: Point,
  input: number,
  analytic: Float64Array,
  directions: number | null,
) {
  const { shape } = checked.inputs[input]!;
  // What a person sees of a scalar function is its own slope, not that of a projection.
  const unit = point.weights.length === 1 ? point.weights[0]! : 1;
  const judged: WorstElement[] = [];
  const kinks: Kink[] = [];
  for (let i = 0; i < (directions ?? analytic.length); i++) {
    const step: Step =
      directions === null
        ? { element: i }
        : { weights: randomWeights(analytic.length, checked.seed + 1 + i) };
    const index = directions === null ? placeOf(i, shape) : [i];
    const slope = await slopeAlong(lineOf(checked, point, input, step, rms(analytic)));
    if (slope.value === null) kinks.push({ index, why: slope.why });
    else {
      const rule = alongStep(step, analytic);
      judged.push({ index, analytic: rule / unit, numeric: slope.value / unit });
    }
  }
  return { judged, kinks };
}

type About = Pick<InputReport, "order" | "name" | "shape" | "tolerance" | "directions">;

const untouched = (about: About, note: string, ok: boolean): InputReport => ({
  ...about,
  ok,
  note,
  relativeError: ok ? 0 : Number.NaN,
  judged: 0,
  worst: null,
  kinks: [],
});

function verdict(about: About, judged: readonly WorstElement[], kinks: readonly Kink[]) {
  if (judged.length === 0) {
    return { ...untouched(about, "nothing could be judged", false), kinks };
  }
  const norm = (f: (e: WorstElement) => number) => Math.hypot(...judged.map(f));
  const [a, n] = [norm((e) => e.analytic), norm((e) => e.numeric)];
  const apart = norm((e) => e.analytic - e.numeric);
  const relativeError = a < TINY && n < TINY ? 0 : apart / (a + n);
  const distance = (e: WorstElement) => Math.abs(e.analytic - e.numeric);
  const worst = judged.reduce((x, y) => (distance(y) > distance(x) ? y : x));
  const ok = relativeError <= about.tolerance;
  return { ...about, relativeError, ok, judged: judged.length, worst, kinks, note: null };
}

/** One element of an input, or all of them by weights. */
type Step = { readonly element: number } | { readonly weights: Float64Array };

function alongStep(step: Step, gradient: Float64Array): number {
  if ("element" in step) return gradient[step.element]!;
  return gradient.reduce((sum, g, i) => sum + g * step.weights[i]!, 0);
}

function lineOf(checked: Checked, point: Point, input: number, step: Step, scale: number) {
  const { values } = checked.inputs[input]!;
  const unit = "element" in step ? Math.max(1, Math.abs(values[step.element]!)) : 1;
  const at = async (t: number): Promise<Float64Array> => {
    const moved = Float64Array.from(values);
    if ("element" in step) moved[step.element]! += t;
    else for (const [i, w] of step.weights.entries()) moved[i]! += t * w;
    return (await evaluate(checked, { input, values: moved })).values;
  };
  return { at, unit, scale, ...point };
}

const rms = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
