import { type Contours, outline } from "./contours.ts";
import { type Frame, frameOf, place } from "./frame.ts";
import { sign, style } from "./look.ts";
import { methods } from "./methods.ts";
import type { Point, Surface } from "./objectives.ts";
import type { Path, PathPoint } from "./paths.ts";

/** Room around the surface for ticks and names of the axes. */
const MARGIN = { left: 58, right: 14, top: 12, bottom: 44 };
const HEAD = 78;
const LEGEND = 284;
const ROW = 44;

/** A surface with its axes, and a group "paths" for lines to be drawn into. */
export interface Board {
  readonly frame: Frame;
  readonly width: number;
  readonly height: number;
  /** SVG elements. */
  readonly content: string;
}

/** @param width of the whole in pixels, axes included */
export function drawBoard(surface: Surface, contours: Contours, width: number, top = 0): Board {
  const inner = width - MARGIN.left - MARGIN.right;
  const frame = frameOf(surface, MARGIN.left, top + MARGIN.top, inner);
  const [bottom, upper] = frame.y.range();
  const box = `x="${MARGIN.left}" y="${upper}" width="${inner}" height="${bottom - upper}"`;
  const bands = contours.bands.map((band, i) => {
    return `<path class="band band-${i + 1}" d="${outline(band, contours, frame)}"/>`;
  });
  const content = `<clipPath id="inside"><rect ${box}/></clipPath>
<g clip-path="url(#inside)"><rect class="band-0" ${box}/>
${bands.join("\n")}
<g class="paths"></g>
${surface.minima.map((minimum) => cross(place(frame, minimum))).join("\n")}</g>
<rect class="frame" ${box}/>
${axes(frame)}`;
  return { frame, width, height: bottom + MARGIN.bottom, content };
}

const cross = ([x, y]: Point): string =>
  `<path class="minimum" d="M${x - 10},${y - 10}l20,20m0,-20l-20,20"/>`;

function axes({ x, y }: Frame): string {
  const [left, right] = x.range();
  const [bottom, top] = y.range();
  const counts = [right - left, bottom - top].map((length) => length / 70);
  const [sayX, sayY] = [x.tickFormat(counts[0]), y.tickFormat(counts[1])];
  const alongX = x.ticks(counts[0]).map((tick) => {
    const at = x(tick).toFixed(1);
    return `<path class="tick" d="M${at},${bottom}v5"/>
<text class="middle muted" x="${at}" y="${bottom + 19}">${sayX(tick)}</text>`;
  });
  const alongY = y.ticks(counts[1]).map((tick) => {
    const at = y(tick);
    return `<path class="tick" d="M${left},${at.toFixed(1)}h-5"/>
<text class="end muted" x="${left - 9}" y="${(at + 4).toFixed(1)}">${sayY(tick)}</text>`;
  });
  return `${[...alongX, ...alongY].join("\n")}
<text class="middle" x="${(left + right) / 2}" y="${bottom + 37}">x</text>
<text class="middle" x="12" y="${(bottom + top) / 2}">y</text>`;
}

/** A line with a dot at every step, and the method's sign at its end. */
export function drawPath({ method, points }: Path, frame: Frame): string {
  if (points.length === 0) return "";
  const places = points.map(({ at }) => place(frame, at));
  const line = places.map((at) => at.join()).join(" ");
  const dots = places.map(([x, y]) => `M${x},${y}h0`).join("");
  const [x, y] = places[places.length - 1];
  return `<g class="method-${method}"><polyline class="case" points="${line}"/>
<polyline points="${line}"/>
<path class="dots" d="${dots}"/>
<polygon class="sign" points="${sign(method, 7)}" transform="translate(${x},${y})"/></g>`;
}

/** A ring at the point where all start. */
export function drawStart(start: Point, frame: Frame): string {
  const [x, y] = place(frame, start);
  return `<circle class="start" cx="${x}" cy="${y}" r="5"/>`;
}

/** Gradients below have no direction that a picture could show. */
const LEVEL = 1e-4;

/** Against the gradient, always as long: what SGD's next step follows. */
export function drawArrow({ at, gradient: [dx, dy] }: PathPoint, frame: Frame): string {
  const [x, y] = place(frame, at);
  const size = Math.hypot(dx, dy);
  if (!(size > LEVEL)) return "";
  const angle = (Math.atan2(dy, -dx) * 180) / Math.PI;
  return `<path class="arrow" d="M9,0h34m-8,-6l8,6l-8,6" \
transform="translate(${x},${y}) rotate(${angle.toFixed(1)})"/>`;
}

/** The whole picture as the text of an SVG file. */
export function drawPicture(
  surface: Surface,
  contours: Contours,
  paths: readonly Path[],
  boardWidth = 640,
): string {
  const board = drawBoard(surface, contours, boardWidth, HEAD);
  const lines = paths.map((path) => drawPath(path, board.frame)).join("\n");
  const start = paths[0]?.points[0]?.at ?? surface.start;
  const drawn = `<g class="paths">${lines}\n${drawStart(start, board.frame)}</g>`;
  const width = boardWidth + LEGEND;
  const height = Math.max(board.height, HEAD + 12 + paths.length * ROW + 132);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" \
width="${width}" height="${height}" class="surface" role="img" aria-labelledby="title">
<title id="title">${surface.title}: paths of ${paths.length} optimizers</title>
<style>${style}</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<text class="title" x="${MARGIN.left}" y="30">${surface.title}</text>
<text x="${MARGIN.left}" y="52">${surface.formula}</text>
<text class="muted" x="${MARGIN.left}" y="74">${surface.note}</text>
${board.content.replace('<g class="paths"></g>', () => drawn)}
${paths.map((path, i) => legendRow(path, boardWidth + 16, HEAD + 24 + i * ROW)).join("\n")}
${legendNotes(contours, boardWidth + 16, HEAD + 24 + paths.length * ROW)}
</svg>
`;
}

function legendRow({ method, points, ending }: Path, x: number, y: number): string {
  const { label } = methods[method];
  const steps = points.length - 1;
  const end = ending === null ? "" : `, ${ending}`;
  const value = short(points[steps]?.value ?? Number.NaN);
  return `<g class="method-${method}">
<polyline points="${x - 6},${y - 4} ${x + 22},${y - 4}"/>
<polygon class="sign" points="${sign(method, 7)}" transform="translate(${x + 8},${y - 4})"/>
<text x="${x + 34}" y="${y}">${label}</text>
<text class="muted" x="${x + 34}" y="${y + 18}">f = ${value} after ${steps} steps${end}</text></g>`;
}

function legendNotes({ bands }: Contours, x: number, y: number): string {
  const levels = `${short(bands[0].above)} to ${short(bands[bands.length - 1].above)}`;
  return `${cross([x + 8, y + 2])}<text x="${x + 34}" y="${y + 6}">minimum</text>
<circle class="start" cx="${x + 8}" cy="${y + 32}" r="5"/><text x="${x + 34}" y="${y + 36}">start</text>
<text class="muted" x="${x - 6}" y="${y + 72}">Contours: ${levels}</text>
<text class="muted" x="${x - 6}" y="${y + 90}">above the minimum, in equal ratios</text>`;
}

/** At most three digits. */
export function short(value: number): string {
  const size = Math.abs(value);
  const isPlain = value === 0 || (size >= 1e-3 && size < 1e5);
  const text = isPlain ? String(Number(value.toPrecision(3))) : value.toExponential(1);
  return text.replaceAll("-", "−");
}
