import type { Draw, Draws } from "./draw.ts";
import { binary, discrete, unary } from "./elementwise.ts";
import { indexing, kernels, random } from "./kernels.ts";
import { lines, reductions } from "./reductions.ts";
import { joins, views } from "./views.ts";
import { wrappers } from "./wrappers.ts";

/** Nothing: what other steps shrink to, so that later ones still find what they refer to. */
const same: Draws = { same: { takes: () => true, make: (x) => [x] } };

export interface Family {
  readonly draws: Draws;
  /** How often one is drawn. */
  readonly weight: number;
}

/** Every kind of step but functions of steps. */
export const families: readonly Family[] = [
  { draws: same, weight: 0 },
  { draws: unary, weight: 6 },
  { draws: binary, weight: 6 },
  { draws: views, weight: 8 },
  { draws: reductions, weight: 4 },
  { draws: discrete, weight: 2 },
  { draws: joins, weight: 2 },
  { draws: lines, weight: 2 },
  { draws: kernels, weight: 2 },
  { draws: indexing, weight: 1 },
  { draws: random, weight: 1 },
];

export const wrapperNames: readonly string[] = Object.keys(wrappers);

const all: Draws = Object.assign({}, ...families.map((f) => f.draws), wrappers);

export function drawOf(name: string): Draw {
  const draw = all[name];
  if (draw === undefined) throw new Error(`fuzz: there is no step "${name}".`);
  return draw;
}
