import { defineHelper, logHelper, maxHelper } from "./floatHelpers.ts";
import { log1pHelper } from "./specialHelpers.ts";

/** -(t ln p + (1 - t) ln(1 - p)), logarithms from -100 on. */
export const bitEntropyHelper = defineHelper(
  "bit_entropy",
  (fn, { F, name }) => `fn ${fn}(p: ${F}, t: ${F}) -> ${F} {
  let no = ${name(maxHelper)}(${name(log1pHelper)}(-p), ${F}(-100.0));
  let yes = ${name(maxHelper)}(${name(logHelper)}(p), ${F}(-100.0));
  return (t - ${F}(1.0)) * no - t * yes;
}`,
);
