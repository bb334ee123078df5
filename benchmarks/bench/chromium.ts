// The training cases in headless Chromium on SwiftShader: a browser of its own for each side.
import { basename } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../tests/setup/browser.ts";
import { cases, trainingCases } from "../cases.ts";
import type { Answers, Request, Requests, RequestType } from "../sides/protocol.ts";
import type { Worker } from "../sides/worker.ts";
import { bundleForBrowser } from "./bundle.ts";
import type { Effort } from "./entrant.ts";
import { goalOf, type RowName } from "./goals.ts";
import type { Part } from "./hostSide.ts";
import { measureCase, type Open } from "./interleave.ts";
import { makeRow } from "./report.ts";
import { DEFAULT_CAP_MS, type Session, within } from "./session.ts";
import { type SideName, sideNames } from "./sides.ts";

/** Browsers count it as secure; nothing is fetched from it: the test answers every request. */
const address = "http://localhost/";

const html = `<!doctype html><meta charset="utf-8"><title>bench</title>
<link rel="icon" href="data:,">
<script type="module" src="entry.js"></script>`;

type Files = ReadonlyMap<string, string>;

async function openPage(browser: Browser, files: Files): Promise<Page> {
  const page = await browser.newPage();
  await page.route(`${address}**`, (route) => {
    const name = basename(new URL(route.request().url()).pathname);
    if (name === "") return route.fulfill({ contentType: "text/html", body: html });
    const body = files.get(name);
    if (body === undefined) return route.fulfill({ status: 404, body: "not found" });
    return route.fulfill({ contentType: "text/javascript", body });
  });
  await page.goto(address);
  await page.waitForFunction(() => "benchmark" in globalThis);
  return page;
}

/** A side in a page. */
class PageSession implements Session {
  readonly #browser: Browser;
  readonly #page: Page;

  constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  async ask<Type extends RequestType>(
    type: Type,
    request: Requests[Type],
    capMs = DEFAULT_CAP_MS,
  ): Promise<Answers[Type]> {
    const answer = this.#page.evaluate(
      (given) => {
        const scope = globalThis as unknown as { benchmark: Promise<Worker> };
        return scope.benchmark.then((worker) => worker.answer(given as Request));
      },
      { type, ...request },
    );
    return (await within(capMs, answer)) as Answers[Type];
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** Bundles every side once, and opens a browser for each session. */
async function pages(): Promise<Open> {
  const bundles = new Map<SideName, Files>();
  for (const side of sideNames) bundles.set(side, await bundleForBrowser(side));
  return async (side) => {
    const browser = await launchBrowser();
    try {
      return new PageSession(browser, await openPage(browser, bundles.get(side)!));
    } catch (error) {
      await browser.close();
      throw error;
    }
  };
}

const rows = { mlp: "chromiumMlp", cnn: "chromiumCnn", lstm: "chromiumLstm" } as const;

/** The training steps in Chromium. */
export async function measureChromium(
  effort: Effort,
  wanted: ReadonlySet<RowName>,
  say: (text: string) => void,
): Promise<Part> {
  const part: Part = { rows: [], problems: [] };
  const chosen = trainingCases.filter((name) => wanted.has(rows[name]));
  if (chosen.length === 0) return part;
  const open = await pages();
  for (const name of chosen) {
    say(`${rows[name]}: ${cases[name].title} in Chromium`);
    const { outcomes, problems } = await measureCase(name, sideNames, open, { effort });
    part.rows.push(
      makeRow(
        {
          name: rows[name],
          title: `in Chromium on SwiftShader: ${cases[name].title}`,
          unit: "ms",
          goal: goalOf(rows[name]),
          mflops: cases[name].mflops,
        },
        outcomes,
      ),
    );
    part.problems.push(...problems.map((problem) => `Chromium: ${problem}`));
  }
  return part;
}
