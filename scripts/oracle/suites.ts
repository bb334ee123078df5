import { Unsupported } from "./arguments.ts";
import { clipChecks } from "./clipCase.ts";
import type { Check } from "./context.ts";
import { casesOf, type JsonObject, type Suite } from "./golden.ts";
import { initChecks } from "./initCase.ts";
import { opChecks } from "./opCase.ts";
import { optimChecks } from "./optimCase.ts";
import { rnnChecks } from "./rnnCase.ts";
import { schedulerChecks } from "./schedulerCase.ts";
import { secondOrderChecks } from "./secondOrder.ts";

/** Cases of a kind of which tapegrad has nothing yet: each names what it would need. */
const missing =
  (what: (content: JsonObject) => string) =>
  (suite: Suite): Check[] =>
    casesOf(suite).map((content) => ({
      name: String(content.name),
      run: () => Promise.reject(new Unsupported(what(content))),
    }));

const runners: Readonly<Record<string, (suite: Suite) => Check[]>> = {
  ops: opChecks,
  opinfo: opChecks,
  extreme: opChecks,
  clip: clipChecks,
  init: initChecks,
  optim: optimChecks,
  second_order: secondOrderChecks,
  rnn: rnnChecks,
  schedulers: schedulerChecks,
};

/** The cases of a suite as checks; of an unknown suite all are unsupported. */
export function checksOf(suite: Suite): Check[] {
  const kind = String(suite.content.suite);
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
  return (runner ?? missing(() => `suite ${kind}`))(suite);
}
