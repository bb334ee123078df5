import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { grad, init, optim, select, type Tensor, tensor } from "tapegrad";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contoursOf } from "../../examples/optimization-paths/contours.ts";
import { drawPicture } from "../../examples/optimization-paths/draw.ts";
import { methodNames, methods } from "../../examples/optimization-paths/methods.ts";
import {
  distanceToMinimum,
  type Surface,
  type SurfaceName,
  surfaceNames,
  surfaces,
} from "../../examples/optimization-paths/objectives.ts";
import { type Path, runPaths } from "../../examples/optimization-paths/paths.ts";
import { createPathsServer } from "../../examples/optimization-paths/server.ts";
import { type OpenPages, openPages, watch } from "./pageServer.ts";

const STEPS = 45;
const entries = methodNames.map((method) => ({ method }));
const heightOf = (surface: Surface) => (p: Tensor) =>
  surface.height(select(p, 0, 0), select(p, 0, 1));
const found = new Map<SurfaceName, readonly Path[]>();

beforeAll(async () => {
  await init({ device: "cpu" });
  for (const name of surfaceNames) found.set(name, await runPaths(name, entries, STEPS));
});

describe.each(surfaceNames)("the surface %s", (name) => {
  const surface = surfaces[name];

  it("is level and lowest at its minima", async () => {
    const device = await init({ device: "cpu", precision: "float64" });
    for (const minimum of surface.minima) {
      const p = tensor([...minimum], { device });
      const slopes = grad(heightOf(surface))(p);
      for (const slope of await slopes.data()) expect(Math.abs(slope)).toBeLessThan(1e-4);
      expect(await heightOf(surface)(p).item()).toBeCloseTo(surface.lowest, 9);
    }
    await init({ device: "cpu" });
  });

  it("is descended by every optimizer", () => {
    for (const { method, points, ending } of found.get(name)!) {
      expect(points[0].at).toEqual(surface.start.map(Math.fround));
      expect(points[points.length - 1].value, method).toBeLessThan(points[0].value);
      expect(ending, method).not.toBe("diverged");
      if (methods[method].rates === null) {
        const { at } = points[points.length - 1];
        expect(distanceToMinimum(surface, at), method).toBeLessThan(1e-2);
      } else expect(points.length).toBe(STEPS + 1);
    }
  });
});

it("walks as optim.minimize does", async () => {
  const names = { adam: "Adam", cg: "ConjugateGradient", lbfgs: "LBFGS" } as const;
  for (const { method, points } of found.get("beale")!) {
    if (method !== "adam" && method !== "cg" && method !== "lbfgs") continue;
    const lr = methods[method].rates?.beale ?? 1;
    const options = { method: names[method], options: { lr }, until: optim.maxSteps(8) };
    const { path } = await optim.minimize(heightOf(surfaces.beale), surfaces.beale.start, options);
    path.forEach(({ x }, i) => {
      x.forEach((v, axis) => {
        expect(points[i].at[axis], `${method} ${i}`).toBeCloseTo(v, 5);
      });
    });
  }
});

it("says when an optimizer diverges", async () => {
  const [path] = await runPaths("rosenbrock", [{ method: "sgd", lr: 0.1 }], 50);
  expect(path.ending).toBe("diverged");
  expect(path.points.length).toBeLessThan(10);
  const svg = drawPicture(surfaces.rosenbrock, await contoursOf(surfaces.rosenbrock), [path]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

describe("in a browser", () => {
  let pages: OpenPages;

  beforeAll(async () => {
    pages = await openPages(createPathsServer);
  });

  afterAll(() => pages.close());

  it("the pictures are SVG with a line for each path", async () => {
    const page = await pages.browser.newPage();
    for (const [name, paths] of found) {
      const svg = drawPicture(surfaces[name], await contoursOf(surfaces[name]), paths);
      const seen = await page.evaluate(readSvg, svg);
      expect(seen.errors).toBe(0);
      expect(seen.bands).toBeGreaterThan(10);
      expect(seen.lines).toEqual(paths.map(({ points }) => points.length));
    }
    await page.close();
  });

  it("the page plays, pauses, steps and resets", async () => {
    const page = await open();
    const seen = watch(page);
    await isReady(page);
    expect(await page.textContent("#device")).toMatch(/^Device: webgpu /);
    await page.click("#step");
    await page.locator("#count", { hasText: /^1$/ }).waitFor();
    expect(await pointsOf(page)).toEqual(methodNames.map(() => 2));
    expect(await page.textContent("#arithmetic")).toMatch(
      /^\(−1.2, 1\) − 0.002 × \(−216, −88\) = /,
    );
    await page.selectOption("#speed", "0");
    await page.click("#play");
    await page.waitForFunction(() => Number(document.getElementById("count")?.textContent) > 8);
    await page.click("#play");
    await page.locator("#status", { hasText: "Paused" }).waitFor();
    expect(Math.max(...(await pointsOf(page)))).toBeGreaterThan(9);
    await page.screenshot({ path: `${shots}paths.png`, fullPage: true });
    await page.click("#reset");
    await isReady(page);
    expect(await pointsOf(page)).toEqual(methodNames.map(() => 1));
    expect(seen.errors).toEqual([]);
    await page.close();
  });

  it("the page starts where one clicks, with chosen optimizers, on the cpu without WebGPU", async () => {
    const page = await open('Object.defineProperty(navigator, "gpu", { value: undefined })');
    await page.setViewportSize({ width: 360, height: 700 });
    await isReady(page);
    expect(await page.textContent("#device")).toMatch(/^Device: cpu /);
    expect(await page.textContent("#notice")).toMatch(/There is no WebGPU here/);
    await page.selectOption("#surface", "himmelblau");
    await page.locator("#title", { hasText: "Himmelblau" }).waitFor();
    for (const name of ["Momentum", "Nesterov", "RMSprop"])
      await page.getByLabel(name).first().uncheck();
    await page.locator("#board").scrollIntoViewIfNeeded();
    const box = (await page.locator("#board .frame").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.75, box.y + box.height * 0.25);
    await page.waitForFunction(() => document.querySelectorAll("#board polyline").length === 10);
    expect(Math.abs(Number(await page.inputValue("#startX")) - 2.5)).toBeLessThan(0.1);
    expect(Math.abs(Number(await page.inputValue("#startY")) - 2.5)).toBeLessThan(0.1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await page.close();
  });

  /** @param first a script that runs in the page before its own */
  async function open(first?: string): Promise<Page> {
    const page = await pages.browser.newPage({ viewport: { width: 1200, height: 900 } });
    if (first !== undefined) await page.addInitScript(first);
    await page.goto(pages.address);
    return page;
  }
});

const shots = fileURLToPath(new URL("../../runs/screenshots/", import.meta.url));
mkdirSync(shots, { recursive: true });

const isReady = (page: Page) => page.locator("#status", { hasText: "Ready" }).waitFor();

/** Points of each line in the page, without the pale one below it. */
const pointsOf = (page: Page): Promise<number[]> =>
  page.$$eval("#board polyline:not(.case)", (lines) =>
    lines.map((line) => (line as SVGPolylineElement).points.numberOfItems),
  );

/** Runs in the browser, which has a parser of XML. */
function readSvg(text: string) {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml");
  const lines = [...svg.querySelectorAll(".paths polyline:not(.case)")];
  return {
    errors: svg.querySelectorAll("parsererror").length,
    bands: svg.querySelectorAll("path.band").length,
    lines: lines.map((line) => (line as SVGPolylineElement).points.numberOfItems),
  };
}
