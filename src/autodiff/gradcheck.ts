import { isFloat } from "../core/dtype.ts";
import { DTypeError, GradError } from "../core/errors.ts";
import { CpuDevice } from "../cpu/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Checked, derivatives, evaluate, gradientFunction } from "./gradcheckFunction.ts";
import { type CheckSettings, checkInput } from "./gradcheckInput.ts";
import {
  type GradcheckInput,
  type HostInput,
  hostInput,
  placeOf,
  randomWeights,
} from "./gradcheckInputs.ts";
import { GradcheckReport, type InputReport } from "./gradcheckReport.ts";

export type { GradcheckInput } from "./gradcheckInputs.ts";
export type { GradcheckReport, InputReport, Kink, WorstElement } from "./gradcheckReport.ts";

export interface GradcheckOptions {
  /** 2 also checks the gradient of a random projection of the gradient. Default 1. */
  readonly order?: 1 | 2;
  /** Compare so many random directions where an input has more elements than that. */
  readonly directions?: number;
  /** Of the random cotangent and directions. Default 0. */
  readonly seed?: number;
  /** The largest relative error that counts as right. Default 1e-7, second order 1e-6. */
  readonly tolerance?: number;
  /** What to call the inputs in the report. */
  readonly names?: readonly string[];
  /** Reject with a GradError instead of returning a report that is not ok. */
  readonly throws?: boolean;
}

/** What `gradcheck` differentiates. It must give the same result at each call. */
export type GradcheckFunction = (...inputs: Tensor[]) => Tensor;

/**
 * Compares the gradients of `f` with central differences, in float64 on a cpu device of its own:
 * for each input ||a - n|| / (||a|| + ||n||), where a comes from the derivative rules and n from
 * differences. Outputs that are not scalar are projected on a fixed random cotangent. Elements at
 * which the function has a kink are listed and not counted.
 *
 * `f` is called with copies of the inputs on that device: tensors that it closes over must be made
 * inside it, or be given as inputs. Integer and bool inputs are passed on and not checked; nested
 * arrays of numbers are float32.
 * @throws DTypeError when `f` returns no float32 tensor or no input is float32; GradError when `f`
 *   gives another result at each call, and with `throws` when a gradient is wrong.
 */
export async function gradcheck(
  f: GradcheckFunction,
  inputs: readonly GradcheckInput[],
  options: GradcheckOptions = {},
): Promise<GradcheckReport> {
  const { names, seed = 0, throws = false } = options;
  const hosts = await Promise.all(inputs.map((x, i) => hostInput(x, names?.[i] ?? `input ${i}`)));
  requireFloat(hosts);
  const device = new CpuDevice({ precision: "float64" });
  const first: Checked = { order: 1, device, seed, inputs: hosts, call: (x) => [f(...x)] };
  const report = await check(first, options);
  return throws ? report.orThrow() : report;
}

/** `gradcheck` that rejects with a GradError, naming the input and its worst element. */
export const gradcheckOrThrow = (
  f: GradcheckFunction,
  inputs: readonly GradcheckInput[],
  options: GradcheckOptions = {},
): Promise<GradcheckReport> => gradcheck(f, inputs, { ...options, throws: true });

async function check(first: Checked, options: GradcheckOptions): Promise<GradcheckReport> {
  const { directions = null, tolerance, order = 1 } = options;
  const { values, shapes } = await evaluate(first);
  requireSame(values, (await evaluate(first)).values);
  const broken = values.findIndex((v) => !Number.isFinite(v));
  if (broken >= 0) {
    const place = placeOf(broken, shapes[0]!).join(", ");
    return new GradcheckReport([], `the function gives ${values[broken]} at output [${place}]`);
  }
  const reports = await checkAll(first, values, { directions, tolerance: tolerance ?? 1e-7 });
  if (order === 1) return new GradcheckReport(reports, null);
  const second = gradientFunction(first, shapes[0]!);
  const slopes = await evaluate(second);
  // A gradient that is not finite is in the report of the first order already.
  if (!slopes.values.every(Number.isFinite)) return new GradcheckReport(reports, null);
  const settings = { directions, tolerance: tolerance ?? 1e-6 };
  return new GradcheckReport(
    [...reports, ...(await checkAll(second, slopes.values, settings))],
    null,
  );
}

async function checkAll(
  checked: Checked,
  base: Float64Array,
  settings: CheckSettings,
): Promise<InputReport[]> {
  const weights = randomWeights(base.length, checked.seed + 7 * checked.order);
  const found = await derivatives(checked, weights);
  const reports: InputReport[] = [];
  for (const [i, analytic] of found.entries()) {
    reports.push(await checkInput(checked, { base, weights }, i, analytic, settings));
  }
  return reports;
}

function requireFloat(inputs: readonly HostInput[]): void {
  if (inputs.some((x) => isFloat(x.dtype))) return;
  const got = inputs.map((x) => `${x.name} ${x.dtype}`).join(", ") || "no inputs";
  throw new DTypeError(
    `gradcheck: no input has a gradient; got ${got}. Give at least one float32 input.`,
  );
}

function requireSame(a: Float64Array, b: Float64Array): void {
  if (a.length === b.length && a.every((x, i) => Object.is(x, b[i]))) return;
  throw new GradError(
    "gradcheck: the function gives another result at each call; got two different ones at the " +
      "same inputs. Give its random draws a seed inside it, and let it change nothing outside.",
  );
}
