import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { type Explanation, explain } from "../../src/autodiff/explain.ts";
import { tape } from "../../src/autodiff/tape.ts";
import { stopGradient } from "../../src/autodiff/transforms.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { Linear, ReLU, Sequential } from "../../src/nn/index.ts";
import {
  add,
  crossEntropy,
  exp2,
  matmul,
  mul,
  relu,
  sigmoid,
  sum,
  tanh,
  tensor,
} from "../../src/ops/index.ts";
import { noGrad, recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const variable = (name: string, values: Parameters<typeof tensor>[0]): Variable =>
  new Variable(tensor(values), { name, requiresGrad: true });

/** The text with the same place for each source line. */
const textOf = (explanation: Explanation): string =>
  String(explanation).replace(/autodiff\/explain\.test\.ts:\d+:\d+/g, "HERE");

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())];

describe("explain", () => {
  it("tells the chain rule of a network with relu and cross-entropy", () => {
    const model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 3));
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    const labels = tensor([0, 1, 2, 0, 1], { dtype: "int32" });
    const loss = () => crossEntropy(model.forward(x), labels);
    const options = { model, names: { x, labels }, parameter: "0.weight" };
    expect(textOf(explain(loss, options))).toBe(`\
dL/d(0.weight) [4, 2]: the chain rule from the loss L = %5 to 0.weight

forward
  %0 = matmul(x, 0.weight, tb: true)             float32 [5, 4]  HERE
  %1 = add(%0, 0.bias)                           float32 [5, 4]  HERE
  %2 = relu(%1)                                  float32 [5, 4]  HERE
  %3 = matmul(%2, 2.weight, tb: true)            float32 [5, 3]  HERE
  %4 = add(%3, 2.bias)                           float32 [5, 3]  HERE
  L = %5 = crossEntropy(%4, labels, form: mean)  float32 []      HERE

backward, where gₙ is dL/d%n
  g₅ = 1                                         []      where the pass begins
  g₄ = g₅·(softmax(%4) - onehot(labels)) / rows  [5, 3]  crossEntropy (x)
  g₃ = g₄                                        [5, 3]  add (a)
  g₂ = g₃ 2.weight                               [5, 4]  matmul (A)
  g₁ = g₂·1[%1 > 0]                              [5, 4]  relu
  g₀ = g₁                                        [5, 4]  add (a)
  dL/d(0.weight) = g₀ᵀ x                         [4, 2]  matmul (B)

along one path
  dL/d(0.weight) = dL/d%4 · d%4/d%3 · d%3/d%2 · d%2/d%1 · d%1/d%0 · d%0/d(0.weight)

written out
  dL/d(0.weight) = ((((softmax(%4) - onehot(labels)) / rows) 2.weight)·1[%1 > 0])ᵀ x`);
  });

  it("sums over the uses of a value", () => {
    const w = variable("w", [1, 2]);
    const loss = () => {
      const h = mul(w, 3);
      return sum(add(mul(h, h), tanh(h)));
    };
    expect(textOf(explain(loss, { parameter: w }))).toBe(`\
dL/dw [2]: the chain rule from the loss L = %4 to w

forward
  %0 = mul(w, 3)               float32 [2]  HERE
  %1 = mul(%0, %0)             float32 [2]  HERE
  %2 = tanh(%0)                float32 [2]  HERE
  %3 = add(%1, %2)             float32 [2]  HERE
  L = %4 = sum(%3, axes: [0])  float32 []   HERE

backward, where gₙ is dL/d%n
  g₄ = 1                                 []   where the pass begins
  g₃ = g₄ repeated over the summed axes  [2]  sum
  g₂ = g₃                                [2]  add (b)
  g₁ = g₃                                [2]  add (a)
  g₀ = g₁·%0                             [2]  mul (a)
     + g₁·%0                             [2]  mul (b)
     + g₂·(1 - tanh²%0)                  [2]  tanh
  dL/dw = g₀·3                           [2]  mul (a)

along 3 paths, which are summed
  dL/dw = dL/d%3 · d%3/d%1 · d%1/d%0 · d%0/dw
        + dL/d%3 · d%3/d%1 · d%1/d%0 · d%0/dw
        + dL/d%3 · d%3/d%2 · d%2/d%0 · d%0/dw

written out
  dL/dw = ((1 repeated over the summed axes)·%0 + (1 repeated over the summed axes)·%0 + \
(1 repeated over the summed axes)·(1 - tanh²%0))·3`);
  });

  it("shows where broadcasting is undone, with norms", async () => {
    const b = variable("b", [0.5, -3]);
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const y = sum(relu(add(x, b)));
    const explanation = explain(y, { parameter: b, names: { x } });
    expect(String(await explanation.withNorms())).toBe(`\
dL/db [2]: the chain rule from the loss L = %2 to b

forward
  %0 = add(x, b)                  float32 [2, 2]
  %1 = relu(%0)                   float32 [2, 2]
  L = %2 = sum(%1, axes: [0, 1])  float32 []

backward, where gₙ is dL/d%n
  g₂ = 1                                 []      norm 1      where the pass begins
  g₁ = g₂ repeated over the summed axes  [2, 2]  norm 2      sum
  g₀ = g₁·1[%0 > 0]                      [2, 2]  norm 1.732  relu
  dL/db = g₀, summed over axis 0         [2]     norm 2.236  add (b)

along one path
  dL/db = dL/d%1 · d%1/d%0 · d%0/db

written out
  dL/db = ((1 repeated over the summed axes)·1[%0 > 0]), summed over axis 0`);
    expect(await numbers(explanation.gradient)).toEqual([2, 1]);
  });

  it("shows the gradients that backward gives", async () => {
    const model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 3));
    const [x, labels] = [
      tensor([
        [1, 2],
        [3, -4],
      ]),
      tensor([0, 2], { dtype: "int32" }),
    ];
    const t = tape(() => crossEntropy(model.forward(x), labels), { model });
    const explanations = model.parameters().map((parameter) => explain(t, { parameter }));
    backward(t.output);
    for (const [i, parameter] of model.parameters().entries()) {
      const { gradient, steps } = explanations[i]!;
      expect(await numbers(gradient)).toEqual(await numbers(parameter.grad!));
      for (const step of steps) {
        const [total, ...terms] = await Promise.all(
          [step.gradient, ...step.terms.map((term) => term.gradient)].map(numbers),
        );
        expect(terms.reduce((a, b) => a.map((v, j) => v + b[j]!))).toEqual(total);
      }
    }
  });

  it("shows where a gradient vanishes, or is not finite", async () => {
    const w = variable("w", [-1, -2]);
    const dead = explain(() => sum(mul(relu(mul(w, 2)), 3)), { parameter: w });
    const text = String(await dead.withNorms());
    expect(text).toMatch(/g₁ = .* norm 4\.243 +mul \(a\)/);
    expect(text).toMatch(/g₀ = g₁·1\[%0 > 0\] +\[2\] +norm 0, all zero +relu/);
    const huge = explain(() => sum(mul(w, Infinity)), { parameter: w });
    expect(String(await huge.withNorms())).toMatch(/norm Infinity, not finite/);
    const small = explain(() => sum(mul(w, 1e-200)), { parameter: w });
    expect(String(await small.withNorms())).toMatch(/norm 1\.414e-200/);
  });

  it("writes products as their operands are stored", () => {
    const [W, x] = [variable("W", [[1], [2]]), tensor([[1, 2]])];
    const text = String(explain(() => sum(matmul(x, W)), { parameter: W, names: { A: x } }));
    expect(text).toContain("dL/dW = Aᵀ g₀");
    expect(text).toContain("dL/dW = Aᵀ (1 repeated over the summed axes)");
  });

  it("takes a loss, its function or its tape, and a parameter by its name", async () => {
    const w = variable("w", [1, 2]);
    const loss = () => sum(mul(w, w));
    for (const given of [loss, loss(), tape(loss)]) {
      for (const parameter of [w, "w"]) {
        expect(await numbers(explain(given, { parameter }).gradient)).toEqual([2, 4]);
      }
    }
    expect(String(explain(loss(), { parameter: w }))).not.toContain("undefined");
  });

  it("explains values on the way, and names them", async () => {
    const w = variable("w", [1, 2]);
    const h = mul(w, 3);
    const explanation = explain(sum(mul(h, h)), { parameter: h, names: { hidden: h } });
    const text = String(explanation);
    expect(text).toContain("dL/d(hidden) [2]: the chain rule from the loss L = %2 to hidden");
    expect(text).toMatch(/dL\/d\(hidden\) = g₁·hidden +\[2\] +mul \(a\)\n +\+ g₁·hidden/);
    expect(text).not.toContain("g₀");
    expect(await numbers(explanation.gradient)).toEqual([6, 12]);
  });

  it("takes the gradient of an output that is not a scalar", async () => {
    const w = variable("w", [1, 2]);
    const gradient = tensor([10, 1]);
    const explanation = explain(() => mul(w, w), { parameter: w, gradient });
    expect(String(explanation)).toMatch(/g₀ = given +\[2\] +where the pass begins/);
    expect(await numbers(explanation.gradient)).toEqual([20, 4]);
  });

  it("tells of a loss that is the parameter itself", () => {
    const w = new Variable(tensor(3), { name: "w", requiresGrad: true });
    expect(String(explain(() => w, { parameter: w }))).toMatch(/dL\/dw = 1 +\[\] +where the pass/);
  });

  it("counts paths that are too many to list", () => {
    const w = variable("w", [1]);
    const doubled = (x: Tensor): Tensor => add(x, sigmoid(x));
    let x: Tensor = w;
    for (let i = 0; i < 100; i++) x = doubled(x);
    const explanation = explain(sum(x), { parameter: w });
    expect(explanation.pathCount).toBe(2n ** 100n);
    expect(String(explanation)).toContain(`+ ${2n ** 100n - 6n} more, which share their steps`);
    expect(String(explanation)).not.toContain("written out");
  });

  it("keeps letters apart from names, numbers and exponents", () => {
    const [g, a] = [variable("g", [1]), variable("a", [2])];
    const text = String(explain(() => sum(mul(mul(g, a), -5)), { parameter: a }));
    expect(text).toContain("dL/da = g₀·g");
    expect(text).toContain("dL/da = ((1 repeated over the summed axes)·(-5))·g");
    expect(text).toContain("g₀ = g₁·(-5)");
    const raised = String(explain(() => sum(exp2(a)), { parameter: a }));
    expect(raised).toContain("g₀·2ˣ·ln 2 with x = a");
  });

  it("says when a hook may have changed a sum", async () => {
    const w = variable("w", [1, 2]);
    const h = mul(w, 3);
    h.registerHook((g) => mul(g, 10));
    const explanation = explain(sum(h), { parameter: w });
    expect(String(explanation)).toMatch(/= that, after a hook +\[2\]/);
    expect(await numbers(explanation.gradient)).toEqual([30, 30]);
  });

  it("adds what both values of a variable give", async () => {
    const w = variable("w", [1, 2]);
    const before = mul(w, w);
    w.assign(tensor([5, 6]));
    const loss = sum(add(before, mul(w, 3)));
    const { gradient } = explain(loss, { parameter: w });
    backward(loss);
    expect(await numbers(gradient)).toEqual(await numbers(w.grad!));
  });
});

describe("explain refuses, and says how to mend,", () => {
  const w = () => variable("w", [1, 2]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "a loss that requires no gradient",
      () => explain(sum(tensor([1])), { parameter: w() }),
      /^explain: the tensor does not depend on anything that requires a gradient; .*requiresGrad/,
    ],
    [
      "a loss recorded in noGrad",
      () => {
        const p = w();
        return explain(() => noGrad(() => sum(p)), { parameter: p });
      },
      /^explain: .*do not record in noGrad/,
    ],
    [
      "a parameter that the loss does not depend on",
      () => explain(sum(mul(w(), 2)), { parameter: w() }),
      /^explain: the loss does not depend on the parameter; got \[2\]\. It depends on w\. Use/,
    ],
    [
      "a parameter behind stopGradient",
      () => {
        const [p, q] = [w(), variable("q", [3, 4])];
        return explain(sum(mul(stopGradient(p), q)), { parameter: p });
      },
      /^explain: the loss does not depend on the parameter; got \[2\]\. It depends on q\./,
    ],
    [
      "a parameter that requires no gradient",
      () => explain(sum(w()), { parameter: tensor([1, 2]) }),
      /^explain: the parameter requires no gradient; got \[2\]\. .*\{ requiresGrad: true \}/,
    ],
    [
      "a name that is not there",
      () => explain(sum(w()), { parameter: "weigth" }),
      /^explain: the loss depends on nothing called "weigth"\. It depends on w\. Give one/,
    ],
    [
      "a record that was released",
      () => {
        const p = w();
        const loss = sum(mul(p, 2));
        backward(loss);
        return explain(loss, { parameter: p });
      },
      /^explain: the record of this tensor was released by an earlier backward\(\); .*retainGraph/,
    ],
    [
      "a loss that is not a scalar",
      () => explain(mul(w(), 2), { parameter: w() }),
      /^explain: the output is not a scalar; got \[2\]\. Reduce it first/,
    ],
    [
      "no parameter",
      () => explain(sum(w()), {} as never),
      /^explain: the parameter is neither a tensor nor a name; got undefined\. Give it/,
    ],
    [
      "no loss",
      () => explain(3 as never, { parameter: w() }),
      /^explain: the loss is neither a tensor, a function nor a tape; got number\. Give/,
    ],
    [
      "an async function",
      () => explain((async () => sum(w())) as never, { parameter: w() }),
      /^explain: the function returned no tensor; got a promise\. Return the loss, without await/,
    ],
  ];
  for (const [name, run, message] of cases) {
    it(name, () => {
      expect(run).toThrow(message);
    });
  }
});
