import { GradError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { recorder } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ones, zeros } from "../init.ts";
import { Parameter } from "../parameter.ts";

/** What the normalization layers share: parameters of 1 and 0, and their checks. */

/** Factors, which start at 1, unless they are not wanted. */
export const weightOf = (shape: Shape, wanted: boolean): Parameter | null =>
  wanted ? new Parameter(ones()(shape), { name: "weight" }) : null;

/** What is added, which starts at 0, unless it is not wanted. */
export const biasOf = (shape: Shape, wanted: boolean): Parameter | null =>
  wanted ? new Parameter(zeros()(shape), { name: "bias" }) : null;

/** The number 0, as a count. */
export const noneYet = (): Tensor => tensor(0, { dtype: "int32" });

/** @throws ValueError unless it is a number */
export function checkNumber(layer: string, name: string, value: number, example: string): void {
  if (typeof value === "number" && !Number.isNaN(value)) return;
  throw new ValueError(
    `${layer}: ${name} is not a number; got ${value}. Use one such as ${example}.`,
  );
}

/** @throws ShapeError unless x has one of these numbers of axes and the channels at `axis` */
export function checkInput(
  layer: string,
  x: Tensor,
  forms: readonly string[],
  channels: number | null,
  axis: number,
): void {
  const ranks = forms.map((form) => form.split(", ").length);
  const fits = ranks.includes(x.rank);
  if (fits && (channels === null || x.shape[axis] === channels)) return;
  const wanted = forms.map((form) => `[${form}]`).join(" or ");
  const why = fits ? `the input does not have ${channels} channels` : `the input is not ${wanted}`;
  throw new ShapeError(
    `${layer}: ${why}; got ${show(x.shape)}. ` +
      (fits ? `Axis ${axis} counts them; build the layer with its size.` : "Reshape it."),
  );
}

/** @throws GradError where a transform records the function for one example: nothing can change */
export function refuseUpdate(layer: string): void {
  const { tracing } = recorder;
  if (tracing === null) return;
  throw new GradError(
    `${layer}: running statistics cannot be updated inside ${tracing.name}, which records the function ` +
      "for one example only. Call eval() before, build the layer with " +
      "{ trackRunningStats: false }, or give it the whole batch outside.",
  );
}
