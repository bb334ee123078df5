// Installs the packages of package-lock.json when they are missing or out of date.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** How long a lock may stay empty between being made and being written. */
const writingMs = 5000;

/** What npm recorded of an install, without the fields that differ from the lock file. */
function packageVersions(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.entries(packages).map(([path, entry]) => [path, entry.version]));
}

/** True when node_modules holds what the lock file asks for; packages for other systems are
 *  optional and may be absent. npm writes its record last: an install cut short counts as none. */
function isInstalled(root) {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const have = packageVersions(installed);
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages).every(
    ([path, entry]) =>
      path === "" || entry.version === have.get(path) || (entry.optional && !have.has(path)),
  );
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** True while the process that wrote its id to `lock` runs; one that was killed frees its lock. */
function isHeld(lock) {
  const holder = Number(readFileSync(lock, "utf8"));
  if (!holder) return Date.now() - statSync(lock).mtimeMs < writingMs;
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Makes the file `lock` with this process's id. Only one process can make it. */
async function takeLock(lock) {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    try {
      if (!isHeld(lock)) rmSync(lock, { force: true });
    } catch (error) {
      // Freed between the two looks at it: the next turn takes it.
      if (error.code !== "ENOENT") throw error;
    }
    await sleep(300);
  }
}

/** Runs npm ci. Its own words appear only when it fails: a set-up that works takes one line.
 *  The lock gets npm's id: npm outlives a start that is killed, and must end before the next. */
async function install(root, lock) {
  console.error("tapegrad: installing packages (npm ci) ...");
  const npm = spawn("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    shell: process.platform === "win32",
  });
  if (npm.pid) writeFileSync(lock, String(npm.pid));
  let output = "";
  const keep = (text) => {
    output += text;
  };
  npm.stdout.on("data", keep);
  npm.stderr.on("data", keep);
  const status = await new Promise((resolve) => {
    npm.on("error", (error) => resolve(error.message));
    npm.on("close", resolve);
  });
  if (status === 0) return;
  console.error(output);
  throw new Error(
    `npm ci failed: ${status}. Run it by hand in the checkout; it needs npm and its registry.`,
  );
}

/** Installs the packages of the checkout `root` if needed. A second start at the same time waits
 *  for the first.
 *  @returns true when packages came that were not there when this process started */
export async function ensurePackages(root) {
  if (isInstalled(root)) return false;
  const lock = join(root, ".installing");
  await takeLock(lock);
  try {
    if (!isInstalled(root)) await install(root, lock);
  } finally {
    rmSync(lock, { force: true });
  }
  return true;
}
