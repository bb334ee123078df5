import { compile, noGrad, select, stack, type Tensor, tensor, Variable } from "tapegrad";
import { type MethodName, methods, type Searching, type Stepping } from "./methods.ts";
import { type Point, type Surface, type SurfaceName, surfaces } from "./objectives.ts";

/** A place on the way, with what backpropagation says there. */
export interface PathPoint {
  readonly at: Point;
  readonly value: number;
  readonly gradient: Point;
}

/** Why a path went no further. */
export type Ending = "at rest" | "diverged";

export interface Path {
  readonly method: MethodName;
  /** The start and every step's end. */
  readonly points: readonly PathPoint[];
  /** null: it could go on. */
  readonly ending: Ending | null;
}

export interface Entry {
  readonly method: MethodName;
  /** The surface's own rate for the method when left out; line searches have none. */
  readonly lr?: number;
}

/** As far out nothing comes back. */
const FAR = 1e6;

/** Optimizers that start at one point and step together. */
export class Race {
  readonly surface: Surface;
  readonly #runners: Runner[];

  constructor(name: SurfaceName, entries: readonly Entry[], start: Point = surfaces[name].start) {
    this.surface = surfaces[name];
    this.#runners = entries.map(({ method, lr }) => {
      const chosen = methods[method];
      const rate = lr ?? chosen.rates?.[name] ?? 1;
      return { method, points: [], ending: null, walk: walk(this.surface, chosen, start, rate) };
    });
  }

  get paths(): readonly Path[] {
    return this.#runners;
  }

  get isOver(): boolean {
    return this.#runners.every(({ ending }) => ending !== null);
  }

  /** Takes every path that can go on one point further; the first call gives the start. */
  async advance(): Promise<void> {
    for (const runner of this.#runners) {
      if (runner.ending !== null) continue;
      const next = await runner.walk.next();
      if (next.done) runner.ending = next.value;
      else runner.points.push(next.value);
    }
  }
}

interface Runner extends Path {
  readonly points: PathPoint[];
  ending: Ending | null;
  readonly walk: Walk;
}

type Walk = AsyncGenerator<PathPoint, Ending>;

/** Runs all at once. @param steps for each at most */
export async function runPaths(
  name: SurfaceName,
  entries: readonly Entry[],
  steps: number,
): Promise<readonly Path[]> {
  const race = new Race(name, entries);
  for (let i = 0; i <= steps && !race.isOver; i++) await race.advance();
  return race.paths;
}

function walk(surface: Surface, method: Stepping | Searching, start: Point, lr: number): Walk {
  const p = new Variable(tensor([...start]), { name: "p", requiresGrad: true });
  return method.rates === null ? search(surface, method, p) : descend(surface, method, p, lr);
}

/** The height at `p`, and its gradient by backpropagation in `p.grad`. */
function evaluate(surface: Surface, p: Variable): Tensor {
  p.grad = null;
  const value = surface.height(select(p, 0, 0), select(p, 0, 1));
  value.backward();
  return value;
}

/** Point, height and gradient in one tensor [5], so that one read fetches them. */
function observe(surface: Surface, p: Variable): Tensor {
  const value = evaluate(surface, p);
  return noGrad(() => {
    const [x, y] = [select(p, 0, 0), select(p, 0, 1)];
    return stack([x, y, value, select(p.grad!, 0, 0), select(p.grad!, 0, 1)]);
  });
}

async function read(seen: Tensor): Promise<PathPoint> {
  const [x, y, value, dx, dy] = await seen.data();
  return { at: [x, y], value, gradient: [dx, dy] };
}

const isLost = ({ at: [x, y], value }: PathPoint): boolean =>
  !Number.isFinite(value) || !(Math.hypot(x, y) < FAR);

/** Evaluation and update are one compiled step: what it returns was seen before the update. */
async function* descend(surface: Surface, method: Stepping, p: Variable, lr: number): Walk {
  const optimizer = method.create(p, lr);
  const step = compile(() => {
    const seen = observe(surface, p);
    void optimizer.step();
    return seen;
  });
  for (;;) {
    const point = await read(await step());
    if (isLost(point)) return "diverged";
    yield point;
  }
}

/** A step evaluates as often as its line search asks. */
async function* search(surface: Surface, method: Searching, p: Variable): Walk {
  let last: PathPoint | null = null;
  for await (const { loss, gradient } of method.create(p).iterate(() => evaluate(surface, p))) {
    const point: PathPoint = { at: await pair(p), value: loss, gradient: await pair(gradient) };
    if (isLost(point)) return "diverged";
    if (last?.at.every((v, i) => v === point.at[i])) break;
    yield point;
    last = point;
  }
  return "at rest";
}

async function pair(t: Tensor): Promise<Point> {
  const [x, y] = await t.data();
  return [x, y];
}
