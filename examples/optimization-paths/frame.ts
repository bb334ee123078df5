import { type ScaleLinear, scaleLinear } from "d3-scale";
import type { Point, Surface } from "./objectives.ts";

/** Where a surface lies in a picture, in pixels. */
export interface Frame {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

/**
 * A unit is as long in x as in y: only then do gradients stand at right angles to contour lines.
 * @param left of the picture
 * @param width in pixels, of the surface alone
 */
export function frameOf({ domain }: Surface, left: number, top: number, width: number): Frame {
  const [x0, x1] = domain.x;
  const [y0, y1] = domain.y;
  const height = (width * (y1 - y0)) / (x1 - x0);
  return {
    x: scaleLinear(domain.x, [left, left + width]),
    y: scaleLinear(domain.y, [top + height, top]),
  };
}

/** Browsers draw no numbers of any size: what is far outside stays outside. */
const LIMIT = 1e5;

const pixel = (value: number): number =>
  Number(Math.max(-LIMIT, Math.min(LIMIT, value)).toFixed(1));

export function place({ x, y }: Frame, [px, py]: Point): Point {
  return [pixel(x(px)), pixel(y(py))];
}
