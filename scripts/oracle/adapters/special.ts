import * as tg from "../../../src/index.ts";
import { type Adapters, adapter, unary } from "./adapter.ts";
import { binary, logit, round } from "./elementwise.ts";

/** `torch.polygamma(n, x)`; as a sample of a test the tensor comes first. */
const polygamma = adapter("n input", (a) => {
  const [first, second] = [a.operand("n"), a.operand("input")];
  return first instanceof tg.Tensor
    ? tg.polygamma(Number(second), first)
    : tg.polygamma(Number(first), second as tg.Tensor);
});

/** `torch.special` has some functions under its own names. */
export const special: Adapters = {
  polygamma,
  "special.digamma": unary(tg.digamma),
  "special.entr": unary(tg.entr),
  "special.erf": unary(tg.erf),
  "special.erfc": unary(tg.erfc),
  "special.erfinv": unary(tg.erfinv),
  "special.exp2": unary(tg.exp2),
  "special.expit": unary(tg.sigmoid),
  "special.expm1": unary(tg.expm1),
  "special.gammaln": unary(tg.lgamma),
  "special.log1p": unary(tg.log1p),
  "special.logit": logit,
  "special.ndtr": unary(tg.ndtr),
  "special.polygamma": adapter("n input", (a) => tg.polygamma(a.number("n"), a.tensor("input"))),
  "special.psi": unary(tg.digamma),
  "special.round": round,
  "special.sinc": unary(tg.sinc),
  "special.xlog1py": binary(tg.xlog1py),
  "special.xlogy": binary(tg.xlogy),
};
