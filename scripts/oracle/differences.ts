const NAN_EXTREMUM =
  "the gradient of an extremum that is NaN goes to the NaN; in PyTorch the whole group gets NaN";

const LARGEST =
  "infinities become the largest float32; PyTorch was asked in float64, whose largest overflows here";

const MOMENTUM_TWICE =
  "PyTorch 1.13 counts the momentum of a step twice in NAdam's second correction; PyTorch 2 and the paper do not";

const nadam = [0, 1].flatMap((options) =>
  ["quadratic", "rosenbrock", "logistic"].map((problem) => `optim/NAdam/${options}/${problem}`),
);

/**
 * Cases where tapegrad differs from PyTorch on purpose, by suite and name, each with its reason.
 * They count as unsupported.
 */
export const differences: Readonly<Record<string, string>> = {
  "extreme/nan/amax": NAN_EXTREMUM,
  "extreme/nan/amin": NAN_EXTREMUM,
  "extreme/nan/nan_to_num": LARGEST,
  ...Object.fromEntries(nadam.map((name) => [name, MOMENTUM_TWICE])),
};
