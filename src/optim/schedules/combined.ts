import { ValueError } from "../../core/errors.ts";
import { checkCount, defineSchedule, type Schedule, type Scheduled } from "./scheduler.ts";

/**
 * One schedule after the other: number i from `milestones[i - 1]` on, counting its own steps from 0.
 */
export const SequentialLR = defineSchedule(
  "SequentialLR",
  ({
    schedules,
    milestones,
  }: {
    readonly schedules: readonly Schedule[];
    readonly milestones: readonly number[];
  }): Schedule => {
    checkMilestones(schedules, milestones);
    return (step, initial) => {
      const reached = milestones.filter((at) => at <= step).length;
      const from = reached === 0 ? 0 : milestones[reached - 1];
      return schedules[reached](step - from, initial);
    };
  },
);

function checkMilestones(schedules: readonly Schedule[], milestones: readonly number[]): void {
  for (const at of milestones) checkCount("SequentialLR", "each milestone", at, 0);
  const rising = milestones.every((at, i) => i === 0 || at > milestones[i - 1]);
  if (rising && schedules.length === milestones.length + 1) return;
  throw new ValueError(
    `SequentialLR: ${schedules.length} schedules need ${Math.max(schedules.length - 1, 0)} rising ` +
      `milestones; got [${milestones.join(", ")}]. Give the step at which each but the first begins.`,
  );
}

/** All schedules at once: their factors lr / base are multiplied. */
export const ChainedScheduler = defineSchedule(
  "ChainedScheduler",
  ({ schedules }: { readonly schedules: readonly Schedule[] }): Schedule => {
    if (schedules.length === 0) {
      throw new ValueError("ChainedScheduler: no schedules. Give at least one.");
    }
    return (step, initial) => {
      // Of a rate of 1 every schedule gives its factor.
      const unit = { ...initial, lr: 1 };
      const each = schedules.map((schedule): Scheduled => schedule(step, unit));
      const momentum = each.find((scheduled) => scheduled.momentum !== undefined)?.momentum;
      const lr = each.reduce((product, scheduled) => product * scheduled.lr, initial.lr);
      return momentum === undefined ? { lr } : { lr, momentum };
    };
  },
);
