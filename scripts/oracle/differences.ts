const ONE_INDEX =
  "values of max and min along an axis share the gradient among ties; PyTorch's goes to one index";

const NAN_EXTREMUM =
  "the gradient of an extremum that is NaN goes to the NaN; in PyTorch the whole group gets NaN";

/**
 * Cases where tapegrad differs from PyTorch on purpose, by suite and name, each with its reason.
 * They count as unsupported.
 */
export const differences: Readonly<Record<string, string>> = {
  "extreme/nan/amax": NAN_EXTREMUM,
  "extreme/nan/amin": NAN_EXTREMUM,
  "ops/reduce/max/ties_dim": ONE_INDEX,
  "ops/reduce/min/ties_dim": ONE_INDEX,
};
