export { ChainedScheduler, SequentialLR } from "./combined.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine.ts";
export { CyclicLR, type CyclicOptions, OneCycleLR, type OneCycleOptions } from "./cyclic.ts";
export {
  ExponentialAnnealingLR,
  ExponentialLR,
  InverseTimeLR,
  LinearLR,
  PolynomialLR,
} from "./decay.ts";
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from "./plateau.ts";
export {
  defineSchedule,
  type Initial,
  type Schedule,
  type Scheduled,
  Scheduler,
  type SchedulerState,
} from "./scheduler.ts";
export { ConstantLR, LambdaLR, MultiplicativeLR, MultiStepLR, StepLR } from "./stepwise.ts";
export {
  InverseSqrtLR,
  SlantedTriangularLR,
  WarmupStableDecayLR,
  type WarmupStableDecayOptions,
} from "./warmup.ts";
