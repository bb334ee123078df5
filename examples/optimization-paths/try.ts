import { init } from "tapegrad";
import { methodNames, methods } from "./methods.ts";
import { distanceToMinimum, surfaceNames, surfaces } from "./objectives.ts";
import { runPaths } from "./paths.ts";
await init({ device: "cpu" });
for (const s of surfaceNames) {
  const t0 = performance.now();
  const paths = await runPaths(s, methodNames.map((method) => ({ method })), 200);
  console.log(s, Math.round(performance.now() - t0));
  for (const p of paths) {
    const e = p.points.at(-1)!;
    console.log("  ", methods[p.method].label.padEnd(20), p.points.length - 1, p.ending, e.value, distanceToMinimum(surfaces[s], e.at), e.at.join());
  }
}
