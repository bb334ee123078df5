// The page: optimizers race over a surface, one compiled step of each at a time.
import { init } from "tapegrad";
import { LiveBoard } from "./board.ts";
import { short } from "./draw.ts";
import { type Point, type SurfaceName, surfaceNames, surfaces } from "./objectives.ts";
import { Race } from "./paths.ts";
import { Player } from "./player.ts";
import { Table } from "./table.ts";

const choice = element<HTMLSelectElement>("surface");
const speed = element<HTMLSelectElement>("speed");
const [startX, startY] = ["startX", "startY"].map((id) => element<HTMLInputElement>(id));
const [playButton, stepButton, resetButton] = ["play", "step", "reset"].map((id) =>
  element<HTMLButtonElement>(id),
);
const board = new LiveBoard(element("board"), (point) => {
  setStart(point);
  restart();
});
const table = new Table(element("rows"), restart);
const player = new Player(() => Number(speed.value), show);
const chosen = (): SurfaceName => choice.value as SurfaceName;

choice.replaceChildren(...surfaceNames.map((name) => new Option(surfaces[name].title, name)));
choice.addEventListener("change", () => run(changeSurface));
for (const input of [startX, startY]) input.addEventListener("change", restart);
resetButton.addEventListener("click", restart);
stepButton.addEventListener("click", () => run(() => player.step()));
playButton.addEventListener("click", () => {
  if (player.isPlaying) player.pause();
  else run(() => player.play());
  show();
});

async function setUp(): Promise<void> {
  const isCpuWanted = new URLSearchParams(location.search).get("device") === "cpu";
  const device = await init(isCpuWanted ? { device: "cpu" } : {});
  write("device", `Device: ${device}`);
  if (device.kind === "cpu" && !isCpuWanted) {
    notify("There is no WebGPU here, so the cpu device computes: the same steps.");
  }
  await changeSurface();
}

async function changeSurface(): Promise<void> {
  const { title, formula, note, start } = surfaces[chosen()];
  for (const [id, text] of Object.entries({ title, formula, note })) write(id, text);
  table.setRates(chosen());
  setStart(start);
  await board.setSurface(surfaces[chosen()]);
  await begin();
}

function restart(): void {
  run(begin);
}

async function begin(): Promise<void> {
  await player.begin(new Race(chosen(), table.entries(), readStart()));
  show();
}

/** A field that is empty or no number counts as the surface's own start. */
function readStart(): Point {
  const { start } = surfaces[chosen()];
  const [x, y] = [startX, startY].map((input) => input.valueAsNumber);
  return [Number.isFinite(x) ? x : start[0], Number.isFinite(y) ? y : start[1]];
}

function setStart([x, y]: Point): void {
  startX.value = String(Number(x.toFixed(2)));
  startY.value = String(Number(y.toFixed(2)));
}

function show(): void {
  const paths = player.race?.paths ?? [];
  const isOver = player.isOver;
  board.show(paths);
  table.show(paths, surfaces[chosen()]);
  write("count", String(Math.max(0, player.steps)));
  write("arithmetic", arithmetic());
  playButton.textContent = player.isPlaying ? "Pause" : "Play";
  playButton.disabled = stepButton.disabled = isOver;
  resetButton.disabled = player.race === null;
  write("status", statusText(paths.length, isOver));
}

function statusText(count: number, isOver: boolean): string {
  if (count === 0) return "Choose an optimizer";
  if (isOver) return "Done";
  if (player.isPlaying) return "Playing";
  return player.steps > 0 ? "Paused" : "Ready";
}

/** SGD's last step in numbers. */
function arithmetic(): string {
  const points = player.race?.paths.find(({ method }) => method === "sgd")?.points ?? [];
  const [before, after] = points.slice(-2);
  if (before === undefined) return "SGD is not chosen.";
  if (after === undefined) return `At ${pair(before.at)} the gradient is ${pair(before.gradient)}.`;
  const rate = table.entries().find(({ method }) => method === "sgd")?.lr;
  return `${pair(before.at)} − ${rate} × ${pair(before.gradient)} = ${pair(after.at)}`;
}

const pair = ([x, y]: Point): string => `(${short(x)}, ${short(y)})`;

function run(task: () => Promise<void>): void {
  task().catch((error: unknown) => {
    console.error(error);
    player.pause();
    const message = error instanceof Error ? error.message : String(error);
    notify(`Something went wrong: ${message} Reload the page to try again.`, "error");
  });
}

function notify(text: string, kind = ""): void {
  const notice = element("notice");
  notice.textContent = text;
  notice.className = `notice ${kind}`;
  notice.hidden = false;
}

function write(id: string, text: string): void {
  const place = element(id);
  if (place.textContent !== text) place.textContent = text;
}

function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found !== null) return found as T;
  throw new Error(`page: there is no element ${id}. Load the page again.`);
}

run(setUp);
