import type { Executable, Program, Target } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { plan } from "../../src/tensor/plan.ts";

const TARGET: Target = {
  software: true,
  apart: false,
  maxWorkgroupsPerDimension: 65535,
  maxInvocations: 256,
  maxWorkgroupBytes: 16384,
  maxBindings: 8,
  maxBufferBytes: 2 ** 27,
  subgroups: 1,
  matrixUnit: null,
  fuse: true,
  quickStart: false,
  choose: (_shapes, [first]) => first,
};

/** Computes in float64, and counts what the same graph would take on a GPU. */
export class PlanningDevice extends CpuDevice {
  launches = 0;
  /** Memory for intermediate values. */
  arenaBytes = 0;
  /** The WGSL of its kernels. */
  readonly texts: string[] = [];

  readonly #target: Target;

  constructor(limits: Partial<Target> = {}) {
    super({ precision: "float64" });
    this.#target = { ...TARGET, ...limits };
  }

  override load(program: Program): Executable {
    const { launches, banks } = plan(program, this.#target);
    this.launches += launches.length;
    this.texts.push(...launches.map(({ code }) => code));
    this.arenaBytes += banks.reduce((sum, bytes) => sum + bytes, 0);
    return super.load(program);
  }
}
