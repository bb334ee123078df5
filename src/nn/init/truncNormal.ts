import { ValueError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { threefry } from "../../ops/random/threefry.ts";
import { drawOnHost } from "../draws.ts";
import type { Initializer } from "./initializer.ts";

/** Two numbers in (0, 1) of the attempt `k`, from all bits of their words. */
type Attempt = (k: number) => readonly [number, number];

/** Draws z from N(0, 1) given that it lies in an interval. */
type Sampler = (attempt: Attempt) => number;

/**
 * N(mean, std²) given that the value lies in [a, b]; both are absolute, as in PyTorch, and the
 * defaults mean two standard deviations only while mean is 0 and std 1.
 * The distribution is exact however far in a tail the interval lies: numbers are proposed and
 * rejected. Source: Robert 1995, "Simulation of truncated normal variables", arXiv:0907.4010.
 * @throws ValueError unless std is above 0 and a below b
 */
export function truncNormal(mean = 0, std = 1, a = -2, b = 2): Initializer {
  if (!(std > 0 && a < b && Number.isFinite(mean))) {
    throw new ValueError(
      `truncNormal: no such distribution; got mean ${mean}, std ${std}, from ${a} to ${b}. ` +
        "Use a std above 0 and an interval [a, b] with a below b, such as (0, 1, -2, 2).",
    );
  }
  const sample = samplerOf((a - mean) / std, (b - mean) / std);
  const inside = (x: number) => Math.min(Math.max(x, a), b);
  return (shape, seeded = {}) => {
    const values = drawOnHost(sizeOf(shape), seeded, (index, seed, draw) => {
      const word = (bits: number) => (bits + 0.5) / 2 ** 32;
      const attempt: Attempt = (k) => {
        const [first, second] = threefry(index, k, seed, draw);
        return [word(first), word(second)];
      };
      return inside(mean + std * sample(attempt));
    });
    return tensor(values, { shape });
  };
}

/** The proposals for [low, high] of which the fewest are rejected. */
function samplerOf(low: number, high: number): Sampler {
  if (high <= 0) {
    const mirrored = samplerOf(-high, -low);
    return (attempt) => -mirrored(attempt);
  }
  if (low <= 0) return high - low > Math.sqrt(2 * Math.PI) ? normal(low, high) : flat(low, high);
  const root = Math.sqrt(low * low + 4);
  const reach = ((2 * Math.sqrt(Math.E)) / (low + root)) * Math.exp((low * low - low * root) / 4);
  return high > low + reach ? exponential(low, high) : flat(low, high);
}

/** The first attempt that is accepted. */
const first =
  (
    propose: (u: number, v: number) => { readonly z: number; readonly accepted: boolean },
  ): Sampler =>
  (attempt) => {
    for (let k = 0; ; k++) {
      const { z, accepted } = propose(...attempt(k));
      if (accepted) return z;
    }
  };

const normal = (low: number, high: number): Sampler =>
  first((u, v) => {
    const z = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    return { z, accepted: z >= low && z <= high };
  });

const flat = (low: number, high: number): Sampler => {
  // The density is largest at 0, or at the end of the interval that is next to it.
  const top = Math.max(low, 0);
  return first((u, v) => {
    const z = low + (high - low) * u;
    return { z, accepted: v <= Math.exp((top * top - z * z) / 2) };
  });
};

const exponential = (low: number, high: number): Sampler => {
  const rate = (low + Math.sqrt(low * low + 4)) / 2;
  return first((u, v) => {
    const z = low - Math.log(u) / rate;
    return { z, accepted: z <= high && v <= Math.exp(-((z - rate) ** 2) / 2) };
  });
};
