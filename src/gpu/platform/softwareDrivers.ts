import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** A Vulkan driver that computes on the CPU, found on this machine. */
export interface SoftwareDriver {
  /** Where it comes from, e.g. "chromium". */
  readonly name: string;
  /** Path of the ICD manifest that the Vulkan loader reads. */
  readonly manifest: string;
}

const chromiumFolders = ["/usr/lib/chromium", "/usr/lib64/chromium-browser", "/opt/google/chrome"];
const swiftShaderManifest = "vk_swiftshader_icd.json";

/** Folder in which the project keeps what it unpacked: drivers and the browser of the tests. */
export function cacheFolder(): string {
  const chosen = process.env.TAPEGRAD_CACHE;
  if (chosen) return chosen;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tapegrad");
}

/** The user's own choice of Vulkan drivers, which is respected as it stands. */
export function chosenDrivers(): string | undefined {
  return process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES || undefined;
}

function listFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Where the Vulkan loader looks for manifests: data folders, configuration, NixOS's drivers. */
function manifestFolders(): string[] {
  const data = (process.env.XDG_DATA_DIRS || "/usr/local/share:/usr/share").split(":");
  const own = join(homedir(), ".local", "share");
  const roots = [
    ...data,
    "/usr/local/share",
    "/usr/share",
    own,
    "/etc",
    "/run/opengl-driver/share",
  ];
  return [...new Set(roots.map((root) => join(root, "vulkan", "icd.d")))];
}

function systemManifests(): string[] {
  return manifestFolders().flatMap((folder) =>
    listFolder(folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => join(folder, file)),
  );
}

const isLavapipe = (manifest: string) => /lvp_icd[^/]*$/.test(manifest);

/** True when a driver for a real GPU is registered; whether it works only Vulkan can tell. */
export function hasHardwareManifest(): boolean {
  return systemManifests().some((manifest) => !isLavapipe(manifest));
}

/** Mesa 25's lavapipe (Vulkan 1.4) is 2 to 8 times faster than SwiftShader; Mesa 22's is refused
 *  by Dawn. The manifest's version tells them apart without loading either. */
function isModern(manifest: string): boolean {
  const version = /"api_version"\s*:\s*"1\.(\d+)/.exec(readFileSync(manifest, "utf8"));
  return version !== null && Number(version[1]) >= 4;
}

function unpackedDrivers(): SoftwareDriver[] {
  const cache = cacheFolder();
  return listFolder(cache)
    .reverse()
    .filter((folder) => folder.startsWith("swiftshader-"))
    .map((folder) => join(cache, folder, swiftShaderManifest))
    .filter((manifest) => existsSync(manifest))
    .map((manifest) => ({ name: "SwiftShader from npm's @sparticuz/chromium", manifest }));
}

function installedLavapipe(): SoftwareDriver[] {
  return systemManifests()
    .filter(isLavapipe)
    .map((manifest) => ({ name: "Mesa lavapipe", manifest }));
}

/** The installed lavapipe that Dawn accepts and that is fast. */
export function modernLavapipe(): SoftwareDriver | undefined {
  return installedLavapipe().find((driver) => isModern(driver.manifest));
}

/** Software drivers installed on this machine, the one to prefer first. */
export function softwareDrivers(): SoftwareDriver[] {
  if (process.platform !== "linux") return [];
  const lavapipe = installedLavapipe();
  const chromium = chromiumFolders
    .map((folder) => join(folder, swiftShaderManifest))
    .filter((manifest) => existsSync(manifest))
    .map((manifest) => ({ name: "SwiftShader from chromium", manifest }));
  const modern = lavapipe.filter((driver) => isModern(driver.manifest));
  const old = lavapipe.filter((driver) => !isModern(driver.manifest));
  return [...modern, ...chromium, ...unpackedDrivers(), ...old];
}

/** The Vulkan loader that ships beside a driver, for machines that have none of their own. */
export function loadersBeside(drivers: readonly SoftwareDriver[]): string[] {
  return drivers
    .map((driver) => join(dirname(driver.manifest), "libvulkan.so.1"))
    .filter((loader) => existsSync(loader));
}
