import { dirname } from "node:path";
import process from "node:process";
import { provideLavapipe } from "../../scripts/provideLavapipe.ts";
import { softwareDrivers } from "../../src/gpu/platform/softwareDrivers.ts";

/** An adapter to measure on: what a process needs in its environment to get it. */
export interface Adapter {
  readonly key: "swiftshader" | "lavapipe" | "hardware" | "default";
  readonly variables: Readonly<Record<string, string>>;
  /** The driver keeps compiled shaders on disk: a first run of each side fills that. */
  readonly cached: boolean;
}

/** Dawn's back end that executes nothing: what is left is the host's time. */
export const nullBackend: Adapter = {
  key: "default",
  variables: { TAPEGRAD_DAWN: "backend=null" },
  cached: false,
};

/** Libraries beside a driver come first, then what the caller named. */
function withDriver(manifest: string, libraries: string): Record<string, string> {
  const paths = [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean);
  return {
    VK_ICD_FILENAMES: manifest,
    VK_DRIVER_FILES: manifest,
    LD_LIBRARY_PATH: paths.join(":"),
  };
}

function swiftShader(): Adapter | null {
  const driver = softwareDrivers().find(({ manifest }) => manifest.includes("swiftshader"));
  if (!driver) return null;
  const variables = withDriver(driver.manifest, dirname(driver.manifest));
  return { key: "swiftshader", variables, cached: false };
}

async function lavapipe(): Promise<Adapter | null> {
  const found = await provideLavapipe();
  if (!found) return null;
  return { key: "lavapipe", variables: withDriver(found.manifest, found.libraries), cached: true };
}

/** Whatever the machine's own Vulkan loader offers: a GPU, where there is one. */
const asItIs: Adapter = { key: "default", variables: {}, cached: true };

export const adapterNames = ["lavapipe", "swiftshader", "default"] as const;
export type AdapterName = (typeof adapterNames)[number];

/** The adapters of a run: the one asked for, or SwiftShader and, before it, Mesa's lavapipe where it
 *  can be had.
 *  @throws Error when there is none */
export async function chooseAdapters(wanted?: AdapterName): Promise<Adapter[]> {
  if (wanted === "default") return [asItIs];
  const found = [
    wanted === "swiftshader" ? null : await lavapipe(),
    wanted === "lavapipe" ? null : swiftShader(),
  ].filter((adapter) => adapter !== null);
  if (found.length > 0) return found;
  throw new Error(
    `bench: there is no ${wanted ?? "software"} adapter here. Run npm run -s doctor, or use ` +
      "--adapter default for a GPU.",
  );
}
