import { type ContourMultiPolygon, contours } from "d3-contour";
import { noGrad, tensor } from "tapegrad";
import { type Frame, place } from "./frame.ts";
import type { Point, Surface } from "./objectives.ts";

/** Cells across the picture; one more on each side lies outside. */
const CELLS = 200;

export const LEVELS = 14;

/** A band of the surface: where it is at least so high above the lowest point. */
export interface Band {
  readonly above: number;
  readonly polygon: ContourMultiPolygon;
}

export interface Contours {
  readonly bands: readonly Band[];
  /** From cells to the surface's coordinates. */
  toPoint(column: number, row: number): Point;
}

/**
 * Levels in equal ratios: they show the floor of a valley as well as its walls. The surface is
 * computed by its own tensor function, over all cells at once.
 */
export async function contoursOf(surface: Surface): Promise<Contours> {
  const grid = cellsOf(surface);
  const { columns, rows, toPoint } = grid;
  const heights = await heightsOf(surface, grid);
  const sorted = Float64Array.from(heights).sort();
  const lowest = Math.log(sorted[Math.floor(sorted.length / 100)]);
  const highest = Math.log(sorted[sorted.length - 1]);
  const levels = Array.from({ length: LEVELS }, (_, i) => {
    return lowest + ((highest - lowest) * i) / LEVELS;
  });
  const logs = Array.from(heights, (height) => Math.max(Math.log(height), lowest - 10));
  const polygons = contours().size([columns, rows]).thresholds(levels)(logs);
  const bands = polygons.map((polygon) => ({ above: Math.exp(polygon.value), polygon }));
  return { bands, toPoint };
}

/** Square cells over the domain and a margin, row by row from the top. */
function cellsOf({ domain }: Surface) {
  const [x0, x1] = domain.x;
  const [y0, y1] = domain.y;
  const size = (x1 - x0) / CELLS;
  const columns = CELLS + 2;
  const rows = Math.ceil((y1 - y0) / size) + 2;
  const toPoint = (column: number, row: number): Point => [
    x0 + (column - 1) * size,
    y1 - (row - 1) * size,
  ];
  return { columns, rows, toPoint };
}

/** How high the middle of every cell lies above the lowest point. */
async function heightsOf(
  surface: Surface,
  { columns, rows, toPoint }: ReturnType<typeof cellsOf>,
): Promise<Float32Array> {
  const xs = Array.from({ length: columns }, (_, i) => toPoint(i + 0.5, 0)[0]);
  const ys = Array.from({ length: rows }, (_, j) => [toPoint(0, j + 0.5)[1]]);
  const heights = noGrad(() => surface.height(tensor(xs), tensor(ys)).sub(surface.lowest));
  return (await heights.data()) as Float32Array;
}

/** The polygons of a band as the `d` of an SVG path. */
export function outline({ polygon }: Band, { toPoint }: Contours, frame: Frame): string {
  const rings = polygon.coordinates.flat();
  return rings
    .map((ring) => `M${ring.map(([i, j]) => place(frame, toPoint(i, j)).join()).join("L")}Z`)
    .join("");
}
