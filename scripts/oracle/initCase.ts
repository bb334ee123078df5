import { nn, type Shape } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { DEFAULT, difference } from "./bound.ts";
import type { Check } from "./context.ts";
import {
  asNumber,
  isList,
  isObject,
  type Json,
  type JsonObject,
  numberList,
  type Suite,
} from "./golden.ts";

const { init } = nn;

const gains: Readonly<Record<string, [nn.Nonlinearity, number?]>> = {
  linear: ["linear"],
  conv1d: ["conv1d"],
  conv2d: ["conv2d"],
  conv3d: ["conv3d"],
  conv_transpose1d: ["convTranspose1d"],
  conv_transpose2d: ["convTranspose2d"],
  conv_transpose3d: ["convTranspose3d"],
  sigmoid: ["sigmoid"],
  tanh: ["tanh"],
  relu: ["relu"],
  selu: ["selu"],
  "leaky_relu(0.01)": ["leakyRelu", 0.01],
  "leaky_relu(sqrt5)": ["leakyRelu", Math.sqrt(5)],
};

type Measure = (values: readonly number[]) => number;
const largest: Measure = (values) => values.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
const deviation: Measure = (values) =>
  Math.sqrt(values.reduce((total, x) => total + x * x, 0) / values.length);

/** What a case measures of many draws, and of which initializer. */
const drawn: Readonly<Record<string, [nn.Initializer, Measure]>> = {
  "xavier_uniform_bound(gain=5/3)": [init.xavierUniform({ gain: 5 / 3 }), largest],
  "xavier_normal_std(gain=5/3)": [init.xavierNormal({ gain: 5 / 3 }), deviation],
  "kaiming_uniform_bound(relu,fan_in)": [init.kaimingUniform({ nonlinearity: "relu" }), largest],
  "kaiming_normal_std(relu,fan_out)": [
    init.kaimingNormal({ nonlinearity: "relu", mode: "fanOut" }),
    deviation,
  ],
  "kaiming_uniform_bound(a=sqrt5)": [init.kaimingUniform({ slope: Math.sqrt(5) }), largest],
  lecun_normal_std: [init.lecunNormal(), deviation],
};

const objectOf = (x: Json | undefined): JsonObject => (isObject(x) ? x : {});
const scalar = (x: number) => ({ data: [x], shape: [], dtype: "float32" as const });

function exactly(what: string, got: number, expected: Json | undefined): string[] {
  const wanted = scalar(asNumber(expected) ?? Number.NaN);
  const found = difference(what, scalar(got), wanted, DEFAULT);
  return found === null ? [] : [found];
}

/**
 * Enough draws that the largest, or the deviation, lies within 2 % of its limit. The largest of n
 * lies within 10 / n, but for one seed in 20 000.
 */
const DRAWS = 20_000;
const SAMPLING = 0.02;

function about(what: string, got: number, expected: number, draws = DRAWS): string[] {
  const near = Math.abs(got - expected) <= Math.max(SAMPLING, 10 / draws) * expected;
  return near ? [] : [`${what}: expected about ${expected}, got ${got} of ${draws} draws`];
}

async function draw(initializer: nn.Initializer, shape: Shape): Promise<number[]> {
  const values: number[] = [];
  for (let seed = 1; values.length < DRAWS; seed++) {
    values.push(...(await initializer(shape, { seed }).data()));
  }
  return values;
}

function fanCheck(content: JsonObject, key: string): Check {
  const shape = numberList(content.shape);
  return {
    name: `fans/[${shape.join()}]/${key}`,
    run: async () => {
      const { fanIn, fanOut } = nn.fans(shape);
      if (key === "fan_in") return exactly(key, fanIn, content[key]);
      if (key === "fan_out") return exactly(key, fanOut, content[key]);
      const [initializer, measure] = drawn[key] ?? [];
      if (initializer === undefined || measure === undefined) throw new Unsupported(key);
      return about(key, measure(await draw(initializer, shape)), asNumber(content[key]) ?? NaN);
    },
  };
}

/** Modules whose default initialization was measured. */
const modules: Readonly<Record<string, () => nn.Module>> = {
  "Linear(10,2000)": () => new nn.Linear(10, 2000, { seed: 1 }),
  "Conv2d(8,400,3,groups=2)": () => new nn.Conv2d(8, 400, 3, { groups: 2, seed: 1 }),
  "ConvTranspose2d(8,400,3)": () => new nn.ConvTranspose2d(8, 400, 3, { seed: 1 }),
  "LSTM(3,16)": () => new nn.LSTM(3, 16, { seed: 1 }),
};

const moduleCheck = (name: string, content: JsonObject): Check => ({
  name: `module_defaults/${name}`,
  run: async () => {
    const make = modules[name];
    if (make === undefined) throw new Unsupported(`nn.${name.replace(/\(.*/, "")}`);
    const state = make().stateDict();
    const problems = Object.entries(content).map(async ([key, expected]) => {
      const tensor = state.get(key);
      if (tensor === undefined) return [`${key}: the module has no such parameter`];
      const got = largest([...(await tensor.data())]);
      return about(key, got, asNumber(expected) ?? NaN, tensor.size);
    });
    return (await Promise.all(problems)).flat();
  },
});

/** Initializers that are not random: `dirac_groups2_(4,1,3)`, with the values of that shape. */
const fixedCheck = (name: string, values: Json): Check => ({
  name,
  run: async () => {
    const [, kind, groups, sizes] = /^(dirac|eye)_(?:groups(\d+)_)?\((.*)\)$/.exec(name) ?? [];
    if (sizes === undefined) throw new Unsupported(`nn.init.${name}`);
    const shape = sizes.split(",").map(Number);
    const initializer = kind === "eye" ? init.eye() : init.dirac({ groups: Number(groups ?? 1) });
    const got = { data: await initializer(shape).data(), shape, dtype: "float32" as const };
    const flat = (x: Json): number[] => (isList(x) ? x.flatMap(flat) : [Number(x)]);
    const found = difference(name, got, { ...got, data: flat(values) }, DEFAULT);
    return found === null ? [] : [found];
  },
});

const normalCheck = (name: string, content: JsonObject): Check => ({
  name,
  run: async () => {
    const [mean, std, low, high] = name.split(/[(),]/).slice(1).map(Number);
    const values = await draw(init.truncNormal(mean, std, low, high), [DRAWS]);
    const wanted = asNumber(content.mean) ?? 0;
    const middle = values.reduce((sum, x) => sum + x, 0) / values.length;
    const spread = asNumber(content.std_exact) ?? Number.NaN;
    const outside = values.some((x) => x < Number(content.min) || x > Number(content.max));
    const far = Math.abs(middle - wanted) > SAMPLING * spread;
    return [
      ...about("std", deviation(values.map((x) => x - middle)), spread),
      ...(far ? [`mean: expected about ${wanted}, got ${middle}`] : []),
      ...(outside ? ["a value lies outside the interval"] : []),
    ];
  },
});

/** Q Qᵀ = gain² I where there are at most as many rows as columns, else Qᵀ Q. */
const orthogonalCheck = (name: string): Check => ({
  name,
  run: async () => {
    const gain = 1.5;
    const problems = [];
    for (const shape of [
      [4, 7],
      [7, 4],
      [5, 2, 3, 3],
    ]) {
      const [rows, columns] = [shape[0]!, shape.slice(1).reduce((a, b) => a * b)];
      const values = await init.orthogonal({ gain })(shape, { seed: 1 }).data();
      const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
      const at = (k: number, i: number) =>
        Number(rows <= columns ? values[k * columns + i] : values[i * columns + k]);
      const data = Array.from({ length: count * count }, (_, p) => {
        const [j, k] = [Math.floor(p / count), p % count];
        return Array.from({ length }, (_, i) => at(j, i) * at(k, i)).reduce((a, b) => a + b);
      });
      const got = { data, shape: [count, count], dtype: "float32" as const };
      const identity = data.map((_, p) => (p % (count + 1) === 0 ? gain * gain : 0));
      problems.push(difference(`[${shape}]`, got, { ...got, data: identity }, DEFAULT) ?? []);
    }
    return problems.flat();
  },
});

function otherCheck(name: string, content: Json): Check {
  if (name.startsWith("trunc_normal")) return normalCheck(name, objectOf(content));
  if (name.startsWith("orthogonal")) return orthogonalCheck(name);
  return fixedCheck(name, content);
}

/** The entries of init.json, which has no list of cases, as checks. */
export function initChecks({ content }: Suite): Check[] {
  const rest = Object.keys(content).filter((key) => /^(trunc|dirac|eye|orthogonal)/.test(key));
  const measured = objectOf(content.module_defaults_measured_absmax);
  return [
    ...Object.entries(objectOf(content.gain)).map(([name, expected]) => ({
      name: `gain/${name}`,
      run: async () => {
        const call = gains[name];
        if (call === undefined) throw new Unsupported(`nn.gain of ${name}`);
        return exactly(name, nn.gain(...call), expected);
      },
    })),
    ...(isList(content.fans) ? content.fans.filter(isObject) : []).flatMap((fan) =>
      Object.keys(fan)
        .filter((key) => key !== "shape")
        .map((key) => fanCheck(fan, key)),
    ),
    ...Object.entries(measured).map(([name, expected]) => moduleCheck(name, objectOf(expected))),
    ...rest.map((name) => otherCheck(name, content[name]!)),
  ];
}
