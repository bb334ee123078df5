// Mesa 25's lavapipe for the benchmarks, without root: the packages of Debian's backports suite
// that this machine lacks are downloaded by its own apt, from its own mirror, and unpacked into the
// cache.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { cacheFolder, modernLavapipe } from "../src/gpu/platform/softwareDrivers.ts";

/** A driver's manifest, and the folder of the libraries that it needs. */
export interface Lavapipe {
  readonly manifest: string;
  readonly libraries: string;
}

const say = (text: string) => console.error(`tapegrad: ${text}`);

const unpacked = (folder: string): Lavapipe => ({
  manifest: join(folder, "usr/share/vulkan/icd.d/lvp_icd.json"),
  libraries: join(folder, "usr/lib/x86_64-linux-gnu"),
});

/** "bookworm" of Debian 12; null on other systems. */
export function debianCodename(osRelease: string): string | null {
  if (!/^ID="?debian"?$/m.test(osRelease)) return null;
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1] ?? null;
}

/** The mirror and the key that the machine's own sources of apt name for Debian's packages.
 *  @param texts contents of sources.list and of the files in sources.list.d, either format */
export function debianSource(
  texts: readonly string[],
  codename: string,
): { mirror: string; options: string } | null {
  for (const text of texts) {
    const line = new RegExp(`^deb\\s+(\\[[^\\]]*\\]\\s+)?(\\S+)\\s+${codename}\\s`, "m").exec(text);
    if (line) return { mirror: line[2], options: line[1]?.trim() ?? "" };
    for (const stanza of text.split(/\n\s*\n/)) {
      const field = (name: string) =>
        new RegExp(`^${name}:\\s*(.+)$`, "m").exec(stanza)?.[1].trim();
      if (!field("Suites")?.split(/\s+/).includes(codename)) continue;
      const mirror = field("URIs")?.split(/\s+/)[0];
      const key = field("Signed-By");
      if (mirror) return { mirror, options: key ? `[signed-by=${key}]` : "" };
    }
  }
  return null;
}

function ownSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files].filter(existsSync).map((f) => readFileSync(f, "utf8"));
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split("\n").at(-1);
  throw new Error(`${command} ${args.at(-1)}: ${why}`);
}

/** Private folders for everything that apt would keep in the system's. */
function privateApt(folder: string, list: string): string[] {
  for (const name of ["lists/partial", "archives/partial"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "sources.list"), list);
  const options = {
    "Dir::Etc::SourceList": join(folder, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::Cache": folder,
    "Dir::Cache::Archives": join(folder, "archives"),
    "Debug::NoLocking": "true",
    "APT::Sandbox::User": "",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Downloads what is missing here for lavapipe, its loader included, and unpacks it. */
function download(work: string, codename: string, source: { mirror: string; options: string }) {
  const suites = [codename, `${codename}-backports`];
  const list = suites.map((suite) => `deb ${source.options} ${source.mirror} ${suite} main\n`);
  const apt = ["-qq", ...privateApt(work, list.join(""))];
  run("apt-get", [...apt, "update"]);
  const install = ["install", "--download-only", "--reinstall", "--no-install-recommends", "-y"];
  const release = ["-t", suites[1]];
  run("apt-get", [...apt, ...install, ...release, "libvulkan1", "mesa-vulkan-drivers"]);
  const archives = join(work, "archives");
  for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
    run("dpkg-deb", ["-x", join(archives, name), join(work, "root")]);
  }
}

function unpackInto(folder: string): void {
  const codename = debianCodename(readFileSync("/etc/os-release", "utf8"));
  const source = codename && debianSource(ownSources(), codename);
  if (!codename || !source) throw new Error("this is no Debian with a mirror of its own");
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), ".part-"));
  try {
    download(work, codename, source);
    const root = join(work, "root");
    if (!existsSync(unpacked(root).manifest)) throw new Error("the packages hold no lavapipe");
    if (!existsSync(folder)) renameSync(root, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Mesa 25's lavapipe: the system's own, or one unpacked from Debian's backports suite, for which
 *  it  takes about 55 MB from the mirror once. Null, with a line that says why, where neither is.
 *  */
export async function provideLavapipe(): Promise<Lavapipe | null> {
  const installed = modernLavapipe();
  if (installed) return { manifest: installed.manifest, libraries: "" };
  const folder = join(cacheFolder(), "lavapipe-backports");
  if (existsSync(folder)) return unpacked(folder);
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  try {
    say("getting Mesa's lavapipe from Debian's backports suite ...");
    unpackInto(folder);
    say(`unpacked lavapipe to ${folder}`);
    return unpacked(folder);
  } catch (error) {
    say(`lavapipe cannot be had: ${error instanceof Error ? error.message : error}.`);
    return null;
  }
}
