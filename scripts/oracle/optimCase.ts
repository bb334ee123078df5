import {
  add,
  backward,
  type Device,
  losses,
  matmul,
  mul,
  narrow,
  nn,
  optim,
  select,
  square,
  sub,
  sum,
  type Tensor,
} from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { type Bound, DEFAULT, difference, trajectoryBound } from "./bound.ts";
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
  type Stored,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";

type Loss = (p: Tensor) => Tensor;

/** The three problems as functions of one parameter vector. */
const problems: Readonly<Record<string, (data: (key: string) => Tensor) => Loss>> = {
  quadratic: (data) => (x) => {
    const square = matmul(x, matmul(data("A"), x));
    return sub(mul(0.5, square), matmul(data("b"), x));
  },
  rosenbrock: () => (p) => {
    const [x, y] = [select(p, 0, 0), select(p, 0, 1)];
    return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
  },
  logistic: (data) => (w) => {
    const logits = add(matmul(data("X"), narrow(w, 0, 0, 5)), select(w, 0, 5));
    const fit = losses.binaryCrossEntropyWithLogits(logits, data("y"));
    return add(fit, mul(0.005, sum(square(w))));
  },
};

/** PyTorch's names of slots where tapegrad's differ. */
const slotNames: Readonly<Record<string, string>> = {
  "SGD.momentum_buffer": "v",
  "RMSprop.momentum_buffer": "buffer",
  exp_avg: "m",
  exp_avg_sq: "v",
  max_exp_avg_sq: "vMax",
  exp_inf: "u",
};

/** Options that are pairs in PyTorch and two numbers here. */
const pairs: Readonly<Record<string, readonly [string, string]>> = {
  betas: ["beta1", "beta2"],
  etas: ["etaMinus", "etaPlus"],
  step_sizes: ["stepMin", "stepMax"],
};

type OptimizerClass = new (parameters: nn.Parameter[], options: object) => optim.Optimizer;

/** tapegrad's optimizer of the same name. @throws Unsupported without it, or without an option */
function makeOptimizer(name: string, given: JsonObject, parameter: nn.Parameter): optim.Optimizer {
  const found = (optim as unknown as Record<string, OptimizerClass>)[name];
  const rule = optim.rules.find((r) => r.name === name);
  if (found === undefined || rule === undefined) throw new Unsupported(`optim.${name}`);
  const options: Record<string, Json> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    const entries =
      key in pairs && isList(value)
        ? value.map((number, i): [string, Json] => [pairs[key]![i]!, number])
        : [[camelCase(key), value] as [string, Json]];
    for (const [option, number] of entries) {
      if (!(option in rule.defaults)) throw new Unsupported(`optim.${name} with ${key}`);
      options[option] = number;
    }
  }
  return new found([parameter], options);
}

const float = (data: ArrayLike<number>, shape: readonly number[]): Stored => ({
  data: Float64Array.from(data),
  shape,
  dtype: "float32",
});

interface Trajectory {
  readonly points: number[];
  readonly losses: number[];
}

/** Methods with a line search get a closure. */
async function search(
  given: JsonObject,
  parameter: nn.Parameter,
  loss: Loss,
  steps: number,
): Promise<Trajectory> {
  const options = Object.entries(given).map(([key, value]) => [
    camelCase(key),
    value === "strong_wolfe" ? "strongWolfe" : value,
  ]);
  const optimizer = new optim.LBFGS([parameter], Object.fromEntries(options));
  const result: Trajectory = { points: [], losses: [] };
  for (let k = 0; k < steps; k++) {
    const { first } = await optimizer.step(() => {
      const value = loss(parameter);
      optimizer.zeroGrad();
      backward(value);
      return value;
    });
    result.losses.push(first);
    result.points.push(...(await parameter.data()));
  }
  return result;
}

async function train(
  optimizer: optim.Optimizer,
  parameter: nn.Parameter,
  loss: Loss,
  steps: number,
): Promise<Trajectory> {
  const result: Trajectory = { points: [], losses: [] };
  for (let k = 0; k < steps; k++) {
    const value = loss(parameter);
    optimizer.zeroGrad();
    backward(value);
    await optimizer.step();
    result.losses.push(await value.item());
    result.points.push(...(await parameter.data()));
  }
  return result;
}

async function compareState(
  suite: Suite,
  content: JsonObject,
  optimizer: optim.Optimizer,
  bound: Bound,
): Promise<string[]> {
  const { tensors } = optimizer.stateDict();
  const expected = isObject(content.state_after_20) ? content.state_after_20 : {};
  const found = Object.entries(expected).map(async ([torchName, key]) => {
    const own = slotNames[`${optimizer.name}.${torchName}`] ?? slotNames[torchName];
    const slot = own ?? camelCase(torchName);
    const tensor = [...tensors].find(([name]) => name.split(".")[0] === slot)?.[1];
    if (tensor === undefined) return [`state ${torchName}: the optimizer has no slot ${slot}`];
    const { shape, dtype } = tensor;
    const got = { data: await tensor.data(), shape, dtype };
    return difference(`state ${torchName}`, got, storedIn(suite, key), bound) ?? [];
  });
  return (await Promise.all(found)).flat();
}

async function run(
  suite: Suite,
  content: JsonObject,
  { device }: Context,
): Promise<readonly string[]> {
  const name = String(content.optimizer);
  if (content.problem === undefined) return runGroups(suite, content, device);
  const header = casesOf(suite).find((c) => c.name === "_problems");
  const problem = header?.[String(content.problem)];
  const make = problems[String(content.problem)];
  if (make === undefined || !isObject(problem)) {
    throw new Unsupported(`the problem ${String(content.problem)}`);
  }
  const x0 = numberList(problem.x0);
  const parameter = new nn.Parameter(upload(float(x0, [x0.length]), device), { name: "x" });
  const options = isObject(content.options) ? content.options : {};
  const loss = make(inputsOf(suite, problem, device));
  const expected = storedIn(suite, content.traj);
  const steps = expected.shape[0]!;
  const searches = name === "LBFGS";
  const optimizer = searches ? null : makeOptimizer(name, options, parameter);
  const got =
    optimizer === null
      ? await search(options, parameter, loss, steps)
      : await train(optimizer, parameter, loss, steps);
  const bound = trajectoryBound(asNumber(content.torch_f32_maxdiff) ?? 0);
  // Losses and slots are functions of the point, steep ones here: they have the other suites' bound.
  const absolute = Math.max(bound.absolute, DEFAULT.absolute);
  const scaled = { ...DEFAULT, absolute };
  const wanted = numberList(content.loss);
  const found = [
    difference("parameters", float(got.points, expected.shape), expected, {
      absolute,
      relative: 0,
    }),
    difference("loss", float(got.losses, [wanted.length]), float(wanted, [wanted.length]), scaled),
    ...(optimizer === null ? [] : await compareState(suite, content, optimizer, scaled)),
  ];
  return found.filter((problem) => problem !== null);
}

/**
 * The case with two groups: L = sum(w^4) + (b · w[:2])^2, and a step in which b has no gradient.
 * Its text says so; nothing in it is to be read by a program.
 */
async function runGroups(suite: Suite, content: JsonObject, device: Device): Promise<string[]> {
  if (!String(content.spec).startsWith("L=sum(w^4)+(b.w[:2])^2; group0 w: lr .05 mom .9 wd .1;")) {
    throw new Unsupported(`optim.${content.optimizer} with ${content.spec}`);
  }
  const parameter = (key: Json | undefined, name: string) =>
    new nn.Parameter(upload(storedIn(suite, key), device), { name });
  const [w, b] = [parameter(content.w0, "w"), parameter(content.b0, "b")];
  const optimizer = new optim.SGD([
    { params: [w], lr: 0.05, momentum: 0.9, weightDecay: 0.1 },
    { params: [b], lr: 0.2 },
  ]);
  const expected = storedIn(suite, content.traj);
  const points: number[] = [];
  for (let k = 0; k < expected.shape[0]!; k++) {
    optimizer.zeroGrad();
    backward(add(sum(square(square(w))), square(matmul(b, narrow(w, 0, 0, 2)))));
    if (k === 4) b.grad = null;
    await optimizer.step();
    points.push(...(await w.data()), ...(await b.data()));
  }
  const bound = trajectoryBound(asNumber(content.torch_f32_maxdiff) ?? 0);
  const problem = difference("parameters", float(points, expected.shape), expected, bound);
  return problem === null ? [] : [problem];
}

/** The data of a problem, uploaded once. */
function inputsOf(suite: Suite, problem: JsonObject, device: Device): (key: string) => Tensor {
  const known = new Map<string, Tensor>();
  return (key) => {
    const tensor = known.get(key) ?? upload(storedIn(suite, problem[key]), device);
    known.set(key, tensor);
    return tensor;
  };
}

export const optimChecks = (suite: Suite): Check[] =>
  casesOf(suite)
    .filter((content) => content.optimizer !== undefined)
    .map((content) => ({
      name: String(content.name),
      run: (context) => run(suite, content, context),
    }));
