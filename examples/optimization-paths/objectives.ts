import { add, mul, pow, square, sub, type Tensor } from "tapegrad";

export type Point = readonly [x: number, y: number];

export const surfaceNames = ["rosenbrock", "ravine", "saddle", "beale", "himmelblau"] as const;
export type SurfaceName = (typeof surfaceNames)[number];

/** A function of two variables, with what is known of it. */
export interface Surface {
  readonly title: string;
  readonly formula: string;
  /** What to look for in the picture. */
  readonly note: string;
  /** The function, element by element: for one point as for a grid of them. */
  height(x: Tensor, y: Tensor): Tensor;
  /** What a picture shows. */
  readonly domain: { readonly x: Point; readonly y: Point };
  readonly start: Point;
  readonly minima: readonly Point[];
  /** The value at the minima. */
  readonly lowest: number;
}

const rosenbrock: Surface = {
  title: "Rosenbrock’s valley",
  formula: "f(x, y) = (1 − x)² + 100 (y − x²)²",
  note: "The way into the curved valley is easy; along its flat floor the gradient is small.",
  height: (x, y) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
  domain: { x: [-2, 2], y: [-1, 3] },
  start: [-1.2, 1],
  minima: [[1, 1]],
  lowest: 0,
};

const ravine: Surface = {
  title: "A ravine",
  formula: "f(x, y) = ½ x² + 15 y²",
  note: "30 times steeper across than along: the gradient points at the other wall.",
  height: (x, y) => add(mul(0.5, square(x)), mul(15, square(y))),
  domain: { x: [-5, 2], y: [-2.25, 2.25] },
  start: [-4.5, 1.5],
  minima: [[0, 0]],
  lowest: 0,
};

const saddle: Surface = {
  title: "A saddle",
  formula: "f(x, y) = ½ x² − ½ y² + ¼ y⁴",
  note: "The start lies almost on the ridge. At (0, 0) the gradient vanishes without a minimum.",
  height(x, y) {
    const across = sub(mul(0.25, pow(y, 4)), mul(0.5, square(y)));
    return add(mul(0.5, square(x)), across);
  },
  domain: { x: [-2, 2], y: [-1.6, 1.6] },
  start: [-1.75, 0.01],
  minima: [
    [0, 1],
    [0, -1],
  ],
  lowest: -0.25,
};

/** (c - x (1 - yⁿ))² */
const bealeTerm = (c: number, n: number, x: Tensor, y: Tensor): Tensor =>
  square(sub(c, mul(x, sub(1, pow(y, n)))));

const beale: Surface = {
  title: "Beale’s function",
  formula: "f(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
  note: "Flat in the middle and steep at the corners: no single rate suits both.",
  height(x, y) {
    const near = add(bealeTerm(1.5, 1, x, y), bealeTerm(2.25, 2, x, y));
    return add(near, bealeTerm(2.625, 3, x, y));
  },
  domain: { x: [-1, 4.5], y: [-2.5, 2.5] },
  start: [1, 1.75],
  minima: [[3, 0.5]],
  lowest: 0,
};

const himmelblau: Surface = {
  title: "Himmelblau’s function",
  formula: "f(x, y) = (x² + y − 11)² + (x + y² − 7)²",
  note: "Four minima are equally deep. Which one is found depends on start, method and rate.",
  height(x, y) {
    const first = sub(add(square(x), y), 11);
    return add(square(first), square(sub(add(x, square(y)), 7)));
  },
  domain: { x: [-5, 5], y: [-5, 5] },
  start: [0.3, -1.2],
  minima: [
    [3, 2],
    [-2.805118086952745, 3.131312518250573],
    [-3.779310253377747, -3.28318599128617],
    [3.584428340330492, -1.848126526964404],
  ],
  lowest: 0,
};

export const surfaces: Readonly<Record<SurfaceName, Surface>> = {
  rosenbrock,
  ravine,
  saddle,
  beale,
  himmelblau,
};

/** How far a point is from the nearest minimum. */
export function distanceToMinimum({ minima }: Surface, [x, y]: Point): number {
  return Math.min(...minima.map(([a, b]) => Math.hypot(x - a, y - b)));
}
