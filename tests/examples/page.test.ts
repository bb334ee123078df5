import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenPages, openPages, watch } from "./pageServer.ts";

const shots = fileURLToPath(new URL("../../runs/screenshots/", import.meta.url));
let pages: OpenPages;

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  pages = await openPages();
});

afterAll(() => pages.close());

const text = async (page: Page, id: string) => (await page.textContent(`#${id}`)) ?? "";
const isIn = (page: Page, status: string) => page.locator("#status", { hasText: status }).waitFor();

async function open(query = ""): Promise<Page> {
  const page = await pages.browser.newPage({ viewport: { width: 1200, height: 900 } });
  // Generous: other tests run beside this one, and the adapter computes on the same cores.
  page.setDefaultTimeout(55_000);
  await page.goto(pages.address + query);
  return page;
}

const firstEpoch = (page: Page) => page.locator("#epoch", { hasText: /^\d+ of/ }).waitFor();

/** All test losses that the page shows, however fast they follow each other. */
async function collectLosses(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const scope = globalThis as typeof globalThis & { losses: number[] };
    const shown = document.getElementById("testLoss")!;
    scope.losses = [];
    new MutationObserver(() => {
      if (shown.textContent !== "–") scope.losses.push(Number(shown.textContent));
    }).observe(shown, { childList: true });
  });
  return () => page.evaluate(() => (globalThis as typeof globalThis & { losses: number[] }).losses);
}

/** The longest time in which the page could not do anything, from now until it is asked. */
async function watchGaps(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const scope = globalThis as typeof globalThis & { longest: number };
    scope.longest = 0;
    let last = performance.now();
    setInterval(() => {
      scope.longest = Math.max(scope.longest, performance.now() - last);
      last = performance.now();
    }, 5);
  });
  return () => page.evaluate(() => (globalThis as typeof globalThis & { longest: number }).longest);
}

describe("the page", () => {
  it("trains with WebGPU in a worker while it stays responsive", async () => {
    const page = await open("?epochs=6");
    const seen = watch(page);
    await isIn(page, "Ready");
    expect(await text(page, "device")).toMatch(/^Device: webgpu /);
    const longestGap = await watchGaps(page);
    const losses = await collectLosses(page);
    await page.click("#start");
    await isIn(page, "Done");
    const [first = 0, , , , , last] = await losses();
    expect(last).toBeLessThan(first / 2);
    expect(Number(await text(page, "testAccuracy"))).toBeGreaterThan(0.9);
    expect(await page.locator("#samples canvas").count()).toBe(24);
    expect(await page.locator("#samples .wrong").count()).toBeLessThan(8);
    expect(await longestGap()).toBeLessThan(500);
    expect(seen.errors).toEqual([]);
    await page.screenshot({ path: `${shots}page.png`, fullPage: true });
  });

  it("stops, and starts afresh", async () => {
    const page = await open("?epochs=500");
    await isIn(page, "Ready");
    await page.click("#start");
    await firstEpoch(page);
    await page.click("#stop");
    await isIn(page, "Stopped");
    const epoch = await text(page, "epoch");
    await page.waitForTimeout(300);
    expect(await text(page, "epoch")).toBe(epoch);
    expect(await page.locator("#stop").isDisabled()).toBe(true);
    await page.click("#start");
    await firstEpoch(page);
    await page.close();
  });

  it("says so without WebGPU, and trains on the cpu device", async () => {
    const page = await pages.browser.newPage();
    await page.route("**/worker.js*", async (route) => {
      const response = await route.fetch();
      const hide = 'Object.defineProperty(navigator, "gpu", { value: undefined });';
      await route.fulfill({ response, body: `${hide}\n${await response.text()}` });
    });
    await page.goto(`${pages.address}?epochs=1`);
    await isIn(page, "Ready");
    expect(await text(page, "device")).toMatch(/^Device: cpu /);
    expect(await text(page, "notice")).toMatch(/There is no WebGPU here/);
    await page.click("#start");
    await isIn(page, "Done");
    expect(Number(await text(page, "testAccuracy"))).toBeGreaterThan(0.5);
  });

  it("shows what went wrong", async () => {
    const page = await open("?epochs=none");
    await isIn(page, "Failed");
    expect(await text(page, "notice")).toMatch(/epochs must be a whole number above 0; got none/);
    expect(await page.locator("#start").isDisabled()).toBe(true);
  });

  it("fits on a phone", async () => {
    const page = await open();
    await page.setViewportSize({ width: 360, height: 700 });
    await isIn(page, "Ready");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});
