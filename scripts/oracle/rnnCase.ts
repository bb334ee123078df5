import { add, backward, mul, nn, sum, type Tensor } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { boundOf, difference } from "./bound.ts";
import type { Check, Context } from "./context.ts";
import {
  asNumber,
  casesOf,
  isObject,
  type Json,
  type JsonObject,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";

/** A module, and what it gives for the inputs of a case: out, hn, cn, as far as there are any. */
interface Model {
  readonly module: nn.Module;
  forward(x: Tensor, h0: Tensor | null, c0: Tensor | null): readonly Tensor[];
}

type Kwargs = Readonly<Record<string, unknown>>;
type Recurrent = nn.Recurrent & {
  forward(x: Tensor, state: unknown): [Tensor, Tensor | Tensor[]];
};

const camelCase = (name: string): string =>
  name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());

const objectOf = (x: Json | undefined): JsonObject => (isObject(x) ? x : {});
const numberOf = (x: Json | undefined): number => asNumber(x) ?? Number.NaN;

function recurrent(kind: string, content: JsonObject): Model {
  const entries = Object.entries(objectOf(content.kwargs));
  const options = Object.fromEntries(entries.map(([name, value]) => [camelCase(name), value]));
  const { input_size: inputs, hidden_size: hidden } = content;
  const make = nn[kind as "LSTM"] as unknown as new (
    inputs: number,
    hidden: number,
    options: Kwargs,
  ) => Recurrent;
  const module = new make(numberOf(inputs), numberOf(hidden), options);
  return {
    module,
    forward: (x, h0, c0) => module.forward(x, h0 && c0 ? [h0, c0] : h0).flat(),
  };
}

function attention(_: string, content: JsonObject): Model {
  const { embed_dim: size, heads, dropout } = objectOf(content.kwargs);
  const options = { dropout: numberOf(dropout), batchFirst: true };
  const module = new nn.MultiheadAttention(numberOf(size), numberOf(heads), options);
  return { module, forward: (x) => [module.forward(x, x, x)[0]] };
}

function encoderLayer(kind: string, content: JsonObject): Model {
  const { embed_dim: size, heads, ff, dropout } = objectOf(content.kwargs);
  const normFirst = kind.endsWith("/pre");
  const module = new nn.TransformerEncoderLayer(numberOf(size), numberOf(heads), {
    dimFeedforward: numberOf(ff),
    dropout: numberOf(dropout),
    batchFirst: true,
    normFirst,
    // The cases do not say it, but their numbers do: with norms behind the sums GELU was used.
    activation: normFirst ? "relu" : "gelu",
  });
  return { module, forward: (x) => [module.forward(x)] };
}

const makers: Readonly<Record<string, (kind: string, content: JsonObject) => Model>> = {
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  MultiheadAttention: attention,
  "TransformerEncoderLayer/post": encoderLayer,
  "TransformerEncoderLayer/pre": encoderLayer,
};

/** What is compared: its name, what came out, and the expected tensor's key. */
type Pair = readonly [string, Tensor | null | undefined, Json | undefined];

/** Forward, and backward of the sum of products with the cotangents. */
async function pairsOf(suite: Suite, content: JsonObject, context: Context): Promise<Pair[]> {
  const kind = String(content.kind);
  const maker = Object.hasOwn(makers, kind) ? makers[kind] : undefined;
  if (maker === undefined) throw new Unsupported(`nn.${kind}`);
  const { module, forward } = maker(kind, content);
  const at = (key: Json | undefined, requiresGrad = false): Tensor | null =>
    key === undefined ? null : upload(storedIn(suite, key), context.device, requiresGrad);
  const params = Object.entries(objectOf(content.params)).map(
    ([name, value]) => [name, objectOf(value)] as const,
  );
  module.loadStateDict(new Map(params.map(([name, { t }]) => [name, at(t)!])));
  const [x, h0, c0] = [content.x, content.h0, content.c0].map((key) => at(key, true));
  const cotangents = [content.ct, content.ct_h, content.ct_c].map((key) => at(key));
  const outputs = await context.recording(kind, () => {
    const made = forward(x!, h0!, c0!);
    const terms = made.map((y, i) => (cotangents[i] ? sum(mul(y, cotangents[i])) : 0));
    backward(terms.reduce((a, b) => add(a, b)) as Tensor);
    return made;
  });
  const own = new Map(module.namedParameters());
  return [
    ["out", outputs[0], content.out],
    ["hn", outputs[1], content.hn],
    ["cn", outputs[2], content.cn],
    ["grad of x", x?.grad, content.grad_x],
    ["grad of h0", h0?.grad, content.grad_h0],
    ["grad of c0", c0?.grad, content.grad_c0],
    ...params.map(([name, { grad }]): Pair => [`grad of ${name}`, own.get(name)?.grad, grad]),
  ];
}

async function run(suite: Suite, content: JsonObject, context: Context): Promise<string[]> {
  const bound = boundOf(content.tol);
  const pairs = await pairsOf(suite, content, context);
  const problems = pairs.map(async ([name, got, key]) => {
    if (key === undefined || key === null) return [];
    if (!got) return [`${name}: there is none`];
    const { shape, dtype } = got;
    const values = { data: await got.data(), shape, dtype };
    return difference(name, values, storedIn(suite, key), bound) ?? [];
  });
  return (await Promise.all(problems)).flat();
}

export const rnnChecks = (suite: Suite): Check[] =>
  casesOf(suite).map((content) => ({
    name: String(content.name),
    run: (context) => run(suite, content, context),
  }));
