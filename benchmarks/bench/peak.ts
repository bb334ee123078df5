import type { Context } from "./compute.ts";
import type { Report, Row } from "./report.ts";

/** What the adapter can do, measured by the hand-written side in a process of its own. */
export async function measurePeak({ open, say }: Context): Promise<Report["peak"]> {
  say("peak of the adapter");
  const session = await open("limit");
  try {
    const { copyGBps, gflops } = await session.ask("peak", {});
    return { copyGBps: Number(copyGBps.toPrecision(3)), gflops: Number(gflops.toPrecision(3)) };
  } finally {
    await session.close();
  }
}

/** Adds the best product by hand, from the row that measured it. */
export function withMatmul(peak: Report["peak"], rows: readonly Row[]): Report["peak"] {
  const row = rows.find(({ name }) => name === "matmul1024" || name === "matmulOfHand");
  if (!peak || !row?.limit || !row.mflops) return peak;
  return { ...peak, matmulGflops: Number((row.mflops / row.limit).toPrecision(3)) };
}
