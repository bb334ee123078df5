import process from "node:process";
import cliProgress from "cli-progress";
import type { EpochRecord } from "./records.ts";

/** Shows how far an epoch is: a bar on a terminal, nothing in a log file. */
export interface Progress {
  update(done: number, steps: number, epoch: number): void;
  /** Removes the bar, so that a line can be printed. */
  clear(): void;
}

export function createProgress(epochs: number): Progress {
  if (!process.stdout.isTTY) return { update: () => {}, clear: () => {} };
  const bar = new cliProgress.SingleBar({
    format: `epoch {epoch}/${epochs} {bar} {value}/{total} steps`,
    barCompleteChar: "\u2588",
    barIncompleteChar: "\u2591",
    barsize: 32,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stdout,
  });
  return {
    update(done, steps, epoch) {
      if (!bar.isActive) bar.start(steps, 0, { epoch });
      bar.update(done, { epoch });
    },
    clear: () => bar.stop(),
  };
}

/** One epoch as one line. */
export function epochLine(record: EpochRecord, epochs: number, layers: readonly string[]): string {
  const { epoch, trainLoss, trainAccuracy, testLoss, testAccuracy, gradients } = record;
  const norms = gradients.layers.map((norm, i) => `${layers[i]} ${norm.toPrecision(3)}`);
  return [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${trainLoss.toFixed(4)} (test ${testLoss.toFixed(4)})`,
    `accuracy ${trainAccuracy.toFixed(3)} (test ${testAccuracy.toFixed(3)})`,
    `gradient norm ${gradients.total.toPrecision(3)} (${norms.join(", ")})`,
  ].join("  ");
}
