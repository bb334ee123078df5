import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../examples/digits/config.ts";
import type { EpochRecord, History } from "../../examples/digits/records.ts";
import { renderReport } from "../../examples/digits/report.ts";
import { launchBrowser } from "../setup/browser.ts";
import { watch } from "./pageServer.ts";

const folder = mkdtempSync(join(tmpdir(), "tapegrad-report-"));
const shots = fileURLToPath(new URL("../../runs/screenshots/", import.meta.url));
const path = join(folder, "report.html");

function epochOf(epoch: number): EpochRecord {
  const loss = 2 * Math.exp(-epoch / 4);
  const gradients = { total: 1, layers: [loss, 0] };
  const [trainAccuracy, testAccuracy] = [1 - loss / 3, 0.98 - loss / 3];
  const losses = { trainLoss: loss, testLoss: loss + 0.1 };
  return { epoch, ...losses, trainAccuracy, testAccuracy, gradients, seconds: 0.1 };
}

const history: History = {
  device: 'webgpu ("</script><b>" & Co)',
  network: "MLP 64-32-10",
  config: defaultConfig("digits", "adam"),
  examples: { train: 1438, test: 359 },
  layers: ["linear 1", "linear 2"],
  epochs: Array.from({ length: 20 }, (_, i) => epochOf(i + 1)),
  // A layer whose gradient vanishes must not break the logarithmic scale.
  steps: Array.from({ length: 2000 }, (_, i) => ({ loss: 1, total: 1, layers: [1 / (i + 1), 0] })),
  testAccuracy: 0.9721,
};

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  writeFileSync(path, await renderReport(history));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the report", () => {
  it("shows charts and numbers without fetching anything", async () => {
    const browser = await launchBrowser();
    try {
      for (const [width, colorScheme] of [
        [1200, "light"],
        [360, "dark"],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        const seen = watch(page);
        await page.goto(pathToFileURL(path).href);
        expect(await page.locator(".uplot canvas").count()).toBe(3);
        expect(await page.textContent(".device")).toBe(history.device);
        expect(await page.textContent(".figures")).toContain("0.972");
        expect(await page.locator(".numbers tbody tr").count()).toBe(20);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(seen).toEqual({ errors: [], addresses: [pathToFileURL(path).href] });
        await page.screenshot({ path: `${shots}report-${colorScheme}.png`, fullPage: true });
      }
    } finally {
      await browser.close();
    }
  });
});
