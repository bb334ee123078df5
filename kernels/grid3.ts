import type { Target } from "../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "./kernel.ts";

/**
 * A grid of three dimensions, folded where one exceeds the device's limit: `lines` name the
 * workgroup's place wx, wy and wz in it.
 */
export function grid3(
  sizes: readonly [number, number, number],
  target: Target,
): { workgroups: readonly [number, number, number]; lines: readonly string[] } {
  if (sizes.every((n) => n <= target.maxWorkgroupsPerDimension)) {
    // Nothing to do is a grid of one that finds no place.
    const workgroups = sizes.map((n) => Math.max(n, 1)) as [number, number, number];
    return { workgroups, lines: ["let wx = wid.x;", "let wy = wid.y;", "let wz = wid.z;"] };
  }
  const [x, y, z] = sizes;
  const workgroups = gridFor(x * y * z, target);
  return {
    workgroups,
    lines: [
      `let workgroup = ${linearWorkgroup(workgroups)};`,
      `if (workgroup >= ${x * y * z}u) { return; }`,
      `let wx = workgroup % ${x}u;`,
      `let wy = (workgroup / ${x}u) % ${y}u;`,
      `let wz = workgroup / ${x * y}u;`,
    ],
  };
}
