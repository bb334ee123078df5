// What `init` says of options that cannot be: loaded when there is something to say.

export const unknownDevice = (device: unknown): string =>
  `init: unknown device "${device}". Use "webgpu" or "cpu", or leave it out.`;

export const onlyOnCpu = (): string =>
  "init: float64 exists on the cpu device only. Use init({ device: 'cpu', precision: 'float64' }).";

export const unfitSeed = (seed: unknown): string =>
  `init: the seed is not a whole number; got ${seed}. Use one such as 0.`;

export const unknownTuning = (where: string, mode: unknown): string =>
  `init: unknown ${where} "${mode}". Use "off", "on" or "full".`;
