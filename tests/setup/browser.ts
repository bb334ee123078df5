import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { provideBrowser } from "../../scripts/provide.ts";

/** WebGPU on SwiftShader, and none of Chromium's calls home. */
const flags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--no-first-run",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Bundles a TypeScript entry for the browser, as a user's bundler would. */
export async function bundleForBrowser(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    sourcemap: "inline",
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

/** Serves texts by path on 127.0.0.1, which browsers count as a secure context. */
async function serve(texts: Record<string, { type: string; text: string }>): Promise<Server> {
  const server = createServer((request, response) => {
    const found = texts[new URL(request.url ?? "/", "http://localhost").pathname];
    response.writeHead(found ? 200 : 404, { "content-type": found?.type ?? "text/plain" });
    response.end(found?.text ?? "not found");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const addressOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** Starts a headless Chromium with WebGPU on SwiftShader, installed or unpacked from npm. */
export async function launchBrowser(): Promise<Browser> {
  const { program, libraries } = await provideBrowser();
  const paths = [libraries, process.env.LD_LIBRARY_PATH].filter((path) => path);
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: flags,
    env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: paths.join(":") } : {}) },
  });
}

const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>test</title>
<script type="module">globalThis.program = import("/program.js");</script>`;

/** Opens a page in which `file`, bundled, is loaded, and gives it to `use`.
 *  The page's `program` is a promise of the module. */
export async function withPage<Result>(
  file: string,
  use: (page: Page) => Promise<Result>,
): Promise<Result> {
  const server = await serve({
    "/": { type: "text/html", text: html },
    "/program.js": { type: "text/javascript", text: await bundleForBrowser(file) },
  });
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser();
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(`${file} in the page: ${error.message}`));
    await page.goto(addressOf(server));
    return await use(page);
  } finally {
    await browser?.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Runs `file` in Chromium: a module that exports `run(argument)`.
 *  @param argument anything that JSON holds
 *  @returns what `run` resolves to, as it comes through JSON */
export function runInBrowser<Result>(file: string, argument?: unknown): Promise<Result> {
  return withPage(file, async (page) => {
    const result = await page.evaluate(async (given) => {
      const scope = globalThis as unknown as {
        program: Promise<{ run(argument: unknown): Promise<unknown> }>;
      };
      return JSON.stringify((await (await scope.program).run(given)) ?? null);
    }, argument);
    return JSON.parse(result) as Result;
  });
}
