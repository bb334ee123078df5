import * as ops from "../../../src/ops/index.ts";
import { distinct, exactly, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

// Coordinates away from the places of a 3 x 4 image, inside it and beyond its borders.
const grid = () => exactly([1, 2, 2, 2], [-0.4, 0.3, 0.21, -0.55, 1.3, 0.12, -0.1, -1.7]);

const sampled = (name: string, options: ops.GridSampleOptions): Composed =>
  composed(
    `gridSample ${name}`,
    ((x: Tensor, g: Tensor) => ops.gridSample(x, g, options)) as never,
    () => [[uniform([1, 2, 3, 4]), grid()]],
  );

export const resamplings = (): Composed[] => [
  unary("interpolate nearest by a view", (x) => ops.interpolate(x, { scaleFactor: 2 }), [
    uniform([1, 2, 2, 3]),
  ]),
  unary("interpolate nearest", (x) => ops.interpolate(x, { size: [5, 2] }), [
    uniform([1, 2, 3, 4], -2, 2, "transposed"),
  ]),
  unary(
    "interpolate bilinear",
    (x) => ops.interpolate(x, { size: [4, 3], mode: "bilinear", alignCorners: true }),
    [uniform([1, 1, 3, 5])],
  ),
  unary("interpolate area", (x) => ops.interpolate(x, { size: 3, mode: "area" }), [
    uniform([1, 2, 5]),
  ]),
  sampled("bilinear", {}),
  sampled("by reflection", { paddingMode: "reflection", alignCorners: true }),
  sampled("bicubic at the border", { mode: "bicubic", paddingMode: "border" }),
  sampled("nearest", { mode: "nearest" }),
  composed(
    "gridSample of a volume",
    ((x: Tensor, g: Tensor) => ops.gridSample(x, g)) as never,
    () => [[distinct([1, 1, 2, 2, 3]), exactly([1, 1, 1, 2, 3], [0.1, -0.3, 0.4, 1.1, 0.7, -0.2])]],
  ),
  unary("affineGrid", (x) => ops.affineGrid(x, [2, 1, 3, 2]), [uniform([2, 2, 3])]),
];
