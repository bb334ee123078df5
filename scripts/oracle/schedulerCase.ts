import { nn, optim, tensor } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { difference } from "./bound.ts";
import { camelCase } from "./camelCase.ts";
import type { Check, Context } from "./context.ts";
import {
  asNumber,
  casesOf,
  isList,
  isObject,
  type Json,
  type JsonObject,
  numberList,
  type Suite,
} from "./golden.ts";

type ScheduleOf = (options: object) => optim.Schedule;
type SchedulerClass = (new (
  optimizer: optim.Optimizer,
  options: object,
) => optim.Scheduler) & {
  readonly schedule?: ScheduleOf;
};

/** Both sides compute in float64. */
const ROUNDING = { absolute: 1e-15, relative: 1e-9 };

/** The functions that cases give as Python text. */
const lambdas: Readonly<Record<string, (k: number) => number>> = {
  "min(1,(k+1)/10)": (k) => Math.min(1, (k + 1) / 10),
  "0.9 if k%2 else 1.05": (k) => (k % 2 === 1 ? 0.9 : 1.05),
};

/** PyTorch's spellings of values that are words. */
const words: Readonly<Record<string, string>> = { exp_range: "expRange" };

function classOf(name: string): SchedulerClass {
  const found = (optim as unknown as Record<string, SchedulerClass>)[name];
  if (found === undefined) throw new Unsupported(`optim.${name}`);
  return found;
}

function optionsOf(kwargs: JsonObject): Record<string, unknown> {
  const entries = Object.entries(kwargs).map(([key, value]) => [
    camelCase(key),
    optionOf(key, value),
  ]);
  return Object.fromEntries(entries);
}

function optionOf(key: string, value: Json | undefined): unknown {
  if (key === "lambda") {
    const found = lambdas[String(value)];
    if (found === undefined) throw new Unsupported(`the function ${String(value)}`);
    return found;
  }
  if (key === "schedulers" && isList(value)) return value;
  return typeof value === "string" ? (words[value] ?? value) : value;
}

/** A scheduler of the case's kind; those made of others get their pure functions. */
function makeScheduler(name: string, kwargs: JsonObject, optimizer: optim.Optimizer) {
  const { schedulers, ...options } = optionsOf(kwargs);
  const made = classOf(name);
  if (!isList(schedulers as Json)) return new made(optimizer, options);
  const schedules = (schedulers as [string, JsonObject][]).map(([inner, own]) => {
    const { schedule } = classOf(inner);
    if (schedule === undefined) throw new Unsupported(`optim.${inner} inside ${name}`);
    return schedule(optionsOf(own));
  });
  return new made(optimizer, { ...options, schedules });
}

function run(content: JsonObject, { device }: Context): Promise<readonly string[]> {
  const rates = numberList(content.base_lrs);
  const groups = rates.map((lr) => {
    return { params: [new nn.Parameter(tensor([0], { device }))], lr, momentum: 0.9 };
  });
  const optimizer = new optim.SGD(groups) as optim.Optimizer;
  const kwargs = isObject(content.kwargs) ? content.kwargs : {};
  const scheduler = makeScheduler(String(content.scheduler), kwargs, optimizer) as unknown as {
    step(metric?: number): void;
  };
  const metrics = isList(content.metrics) ? numberList(content.metrics) : null;
  const wanted = (isList(content.lrs) ? content.lrs : []).map(numberList);
  const momenta = isList(content.momentum) ? content.momentum.map(numberList) : null;
  const got: { lr: number[]; momentum: number[] } = { lr: [], momentum: [] };
  wanted.forEach((_, k) => {
    for (const { options } of optimizer.paramGroups) {
      got.lr.push(Number(options.lr));
      got.momentum.push(Number(options.momentum));
    }
    if (metrics === null) scheduler.step();
    else scheduler.step(asNumber(metrics[k]) ?? Number.NaN);
  });
  const compare = (what: string, values: number[], expected: number[][]) => {
    const stored = (data: readonly number[]) => {
      return { data: Float64Array.from(data), shape: [data.length], dtype: "float32" as const };
    };
    return difference(what, stored(values), stored(expected.flat()), ROUNDING);
  };
  const found = [
    compare("lr", got.lr, wanted),
    momenta === null ? null : compare("momentum", got.momentum, momenta),
  ];
  return Promise.resolve(found.flatMap((problem) => problem ?? []));
}

export const schedulerChecks = (suite: Suite): Check[] =>
  casesOf(suite).map((content) => ({
    name: String(content.name),
    run: async (context) => run(content, context),
  }));
