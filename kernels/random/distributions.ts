import type { Helper, Lanes } from "../../src/core/ir.ts";
import { infHelper, logHelper, nanHelper, oneLane } from "../math/floatHelpers.ts";
import { threefryHelper, turnHelper } from "./random.ts";

/**
 * Random numbers whose making takes a loop of unknown, bounded length: gamma and Poisson. They work
 * on one number at a time, whatever the width of the kernel around them.
 */

/** Attempts of the rejection method; each fails with a chance below 5 %. */
export const GAMMA_ATTEMPTS = 24;
/** A large rate is the sum of parts of at most this rate, of which there are so many at most. */
export const POISSON_PART = 16;
export const POISSON_PARTS = 4096;
/** No part counts further: its chance is below what a draw of 24 bits can tell. */
export const POISSON_MOST = 80;

/** Scalar versions of helpers under names of their own, so that no width has them twice. */
function scalars(lanes: Lanes, prefix: string, helpers: readonly Helper[]) {
  const own: Lanes = { ...oneLane, helper: (name) => `${lanes.helper(prefix)}_${name}` };
  return { own, text: helpers.map((helper) => helper.code(own)).join("\n") };
}

const XYZW = ["x", "y", "z", "w"] as const;

/** `fn name(index, parameter, seed, draw)` that calls `name_one` for each lane. */
function perLane(lanes: Lanes, name: string): string {
  const [f, u] = [lanes.type("float32"), lanes.type("uint32")];
  const one = (i: string) => `${name}_one(index${i}, parameter${i}, seed${i}, draw${i})`;
  const each = lanes.width === 1 ? one("") : `${f}(${XYZW.map((i) => one(`.${i}`)).join(", ")})`;
  return `fn ${name}(index: ${u}, parameter: ${f}, seed: ${u}, draw: ${u}) -> ${f} {
  return ${each};
}`;
}

/**
 * Gamma with shape α and scale 1 by rejection from a cubed normal; below 1 that of α + 1 times
 * u^(1/α). Source: Marsaglia and Tsang 2000, "A simple method for generating gamma variables".
 */
export const gammaHelper: Helper = {
  name: "random_gamma",
  code: (lanes) => {
    const helpers = [infHelper, nanHelper, logHelper, threefryHelper];
    const { own, text } = scalars(lanes, "gamma", helpers);
    const name = lanes.helper("random_gamma");
    const bits = (attempt: string, word: number) =>
      `${own.helper("threefry")}(index, ${attempt}, seed, draw, ${word}u)`;
    const unit = (attempt: string, word: number) =>
      `f32((${bits(attempt, word)} >> 8u) + 1u) * 5.9604645e-8`;
    const log = (x: string) => `${own.helper(logHelper.name)}(${x})`;
    return `${text}
${turnHelper.code(own)}
fn ${name}_one(index: u32, parameter: f32, seed: u32, draw: u32) -> f32 {
  let small = parameter < 1.0;
  let d = select(parameter, parameter + 1.0, small) - 0.33333334;
  let c = inverseSqrt(9.0 * d);
  var v = 1.0;
  for (var attempt = 0u; attempt < ${GAMMA_ATTEMPTS}u; attempt++) {
    let radius = sqrt(max(-2.0 * ${log(unit("2u * attempt + 1u", 0))}, 0.0));
    let turn = f32(${bits("2u * attempt + 1u", 1)} >> 8u) * 5.9604645e-8;
    let x = radius * ${own.helper(turnHelper.name)}(turn);
    let root = 1.0 + c * x;
    v = root * root * root;
    let u = ${unit("2u * attempt + 2u", 0)};
    if (root > 0.0 && ${log("u")} < 0.5 * x * x + d * (1.0 - v + ${log("max(v, 1e-30)")})) { break; }
    v = 1.0;
  }
  let u = ${unit("0u", 0)};
  return d * v * select(1.0, exp(${log("u")} / parameter), small);
}
${perLane(lanes, name)}`;
  },
};

/** Poisson by adding up chances until they pass a uniform number; large rates in parts. */
export const poissonHelper: Helper = {
  name: "random_poisson",
  code: (lanes) => {
    const { own, text } = scalars(lanes, "poisson", [threefryHelper]);
    const name = lanes.helper("random_poisson");
    return `${text}
fn ${name}_one(index: u32, parameter: f32, seed: u32, draw: u32) -> f32 {
  let parts = clamp(ceil(parameter / ${POISSON_PART}.0), 1.0, ${POISSON_PARTS}.0);
  let rate = parameter / parts;
  var total = 0.0;
  for (var part = 0u; part < u32(parts); part++) {
    let u = f32(${own.helper("threefry")}(index, part, seed, draw, 0u) >> 8u) * 5.9604645e-8;
    var chance = exp(-rate);
    var sum = chance;
    var count = 0.0;
    while (u >= sum && count < ${POISSON_MOST}.0 && (count < rate || chance > 1e-9)) {
      count += 1.0;
      chance *= rate / count;
      sum += chance;
    }
    total += count;
  }
  return total;
}
${perLane(lanes, name)}`;
  },
};
