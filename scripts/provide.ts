// Provides what a machine lacks: a software WebGPU adapter, and the Chromium of the tests.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findAdapter } from "../src/gpu/adapter.ts";
import {
  cacheFolder,
  chosenDrivers,
  hasHardwareManifest,
  softwareDrivers,
} from "../src/gpu/platform/softwareDrivers.ts";
import { unpackInto } from "./unpack.ts";

const packageFolder = fileURLToPath(
  new URL("../node_modules/@sparticuz/chromium", import.meta.url),
);
const say = (text: string) => console.error(`tapegrad: ${text}`);
const inDeno = "Deno" in globalThis;

function packageVersion(): string {
  const text = readFileSync(join(packageFolder, "package.json"), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}

const archives = (...names: string[]): string[] =>
  names.map((name) => join(packageFolder, "bin", name));

/** The npm package holds programs for 64-bit Linux on x86 only. */
function canUnpack(): boolean {
  return process.platform === "linux" && process.arch === "x64" && existsSync(packageFolder);
}

async function unpackDriver(): Promise<boolean> {
  if (!canUnpack()) return false;
  const folder = join(cacheFolder(), `swiftshader-${packageVersion()}`);
  try {
    await unpackInto(folder, archives("swiftshader.tar.br"));
    say(`unpacked the software adapter SwiftShader of npm's @sparticuz/chromium to ${folder}`);
    return true;
  } catch (error) {
    say(`could not unpack SwiftShader to ${folder}: ${error}. Set TAPEGRAD_CACHE elsewhere.`);
    return false;
  }
}

/** Debian's way, where this process may install packages. */
function installChromium(): boolean {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  if (!isRoot || !existsSync("/usr/bin/apt-get")) return false;
  say("installing Debian's package chromium (apt-get) ...");
  const commands = [["update"], ["install", "-y", "--no-install-recommends", "chromium"]];
  for (const args of commands) {
    const { status, stderr } = spawnSync("apt-get", ["-qq", ...args], { encoding: "utf8" });
    if (status !== 0) {
      say(`apt-get ${args.join(" ")} failed with status ${status}: ${stderr}`);
      return false;
    }
  }
  return true;
}

/** Hardware is asked for only where it may be: Deno fixes its drivers at the first request. */
async function hasHardware(): Promise<boolean> {
  if (process.platform === "linux" && !hasHardwareManifest()) return false;
  if (inDeno) return true;
  return (await findAdapter({ allow: "hardware" })).adapter !== null;
}

/** Makes sure that a later search finds an adapter, if this machine can have one at all. */
export async function ensureAdapter(): Promise<void> {
  if (chosenDrivers() || softwareDrivers().length > 0 || (await hasHardware())) return;
  if (process.platform !== "linux" || (await unpackDriver()) || installChromium()) return;
  say("no WebGPU adapter is here and none could be installed; the device cpu is used instead.");
}

const installedBrowsers = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium-browser",
];

/** A Chromium to drive, with the folder of libraries that it needs beside the system's. */
export interface Browser {
  readonly program: string;
  readonly libraries: string | null;
}

/** Finds an installed Chromium, else unpacks the one of npm's @sparticuz/chromium. */
export async function provideBrowser(): Promise<Browser> {
  const wanted = process.env.TAPEGRAD_CHROMIUM;
  const installed = [...(wanted ? [wanted] : []), ...installedBrowsers].find(existsSync);
  if (installed) return { program: installed, libraries: null };
  if (canUnpack()) {
    const folder = join(cacheFolder(), `chromium-${packageVersion()}`);
    if (!existsSync(folder)) say(`unpacking Chromium of npm's @sparticuz/chromium to ${folder}`);
    await unpackInto(
      folder,
      archives("chromium.br", "swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"),
    );
    return { program: join(folder, "chromium"), libraries: join(folder, "lib") };
  }
  if (installChromium()) return { program: "/usr/bin/chromium", libraries: null };
  throw new Error("no Chromium is installed. Install one, or name it in TAPEGRAD_CHROMIUM.");
}
