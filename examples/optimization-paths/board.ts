// The picture in the page: drawn anew for another surface or width, its paths after every step.
import { type Contours, contoursOf } from "./contours.ts";
import { type Board, drawArrow, drawBoard, drawPath, drawStart } from "./draw.ts";
import { style } from "./look.ts";
import type { Point, Surface } from "./objectives.ts";
import type { Path } from "./paths.ts";

/** Pixels across. */
const LEAST = 100;

export class LiveBoard {
  readonly #host: HTMLElement;
  #surface: Surface | null = null;
  #contours: Contours | null = null;
  #board: Board | null = null;
  #paths: readonly Path[] = [];

  /** @param onPick given the point that a reader clicks at */
  constructor(host: HTMLElement, onPick: (point: Point) => void) {
    this.#host = host;
    host.addEventListener("click", (event) => {
      const point = this.#pointAt(event);
      if (point !== null) onPick(point);
    });
    new ResizeObserver(() => {
      if (this.#board?.width !== host.clientWidth) this.#redraw();
    }).observe(host);
  }

  async setSurface(surface: Surface): Promise<void> {
    const contours = await contoursOf(surface);
    this.#surface = surface;
    this.#contours = contours;
    this.#paths = [];
    this.#redraw();
  }

  show(paths: readonly Path[]): void {
    this.#paths = paths;
    const group = this.#host.querySelector(".paths");
    if (this.#board === null || group === null) return;
    const { frame } = this.#board;
    const start = paths.find(({ points }) => points.length > 0)?.points[0].at;
    const sgd = paths.find(({ method }) => method === "sgd")?.points.at(-1);
    group.innerHTML = [
      ...paths.map((path) => drawPath(path, frame)),
      start === undefined ? "" : drawStart(start, frame),
      sgd === undefined ? "" : drawArrow(sgd, frame),
    ].join("");
  }

  #redraw(): void {
    const space = this.#host.clientWidth;
    // A page that is not shown has no room.
    if (this.#surface === null || this.#contours === null || space < LEAST) return;
    const board = drawBoard(this.#surface, this.#contours, space);
    const { width, height, content } = board;
    this.#board = board;
    const label = `${this.#surface.title}, with the paths of the table`;
    this.#host.innerHTML = `<svg class="surface" width="${width}" height="${height}"
viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><style>${style}</style>
${content}</svg>`;
    this.show(this.#paths);
  }

  #pointAt({ clientX, clientY }: MouseEvent): Point | null {
    const box = this.#host.querySelector(".frame")?.getBoundingClientRect();
    const svg = this.#host.querySelector("svg")?.getBoundingClientRect();
    if (this.#board === null || box === undefined || svg === undefined) return null;
    const isInside =
      clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
    if (!isInside) return null;
    const { x, y } = this.#board.frame;
    return [x.invert(clientX - svg.left), y.invert(clientY - svg.top)];
  }
}
