import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { createPageServer } from "../../examples/page/server.ts";
import { launchBrowser } from "../setup/browser.ts";

export interface OpenPages {
  browser: Browser;
  address: string;
  close(): Promise<void>;
}

/** A page's own server, and a Chromium beside it. */
export async function openPages(create = createPageServer): Promise<OpenPages> {
  const server = await create();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launchBrowser();
  return {
    browser,
    address: `http://127.0.0.1:${port}/`,
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Collects what goes wrong in a page, and what it fetches from elsewhere. */
export function watch(page: Page): { errors: string[]; addresses: string[] } {
  const seen = { errors: [] as string[], addresses: [] as string[] };
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("request", (request) => seen.addresses.push(request.url()));
  return seen;
}
