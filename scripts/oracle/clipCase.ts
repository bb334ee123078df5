import { NonFiniteError, nn, optim, type Tensor, zeros } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { DEFAULT, difference } from "./bound.ts";
import type { Check, Context } from "./context.ts";
import {
  asNumber,
  casesOf,
  isList,
  isObject,
  type JsonObject,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";

/** Parameters that have the gradients of the case; PyTorch clips whatever they belong to. */
function parametersOf(suite: Suite, content: JsonObject, { device }: Context): nn.Parameter[] {
  const keys = isList(content.grads_in) ? content.grads_in : [];
  return keys.map((key, i) => {
    const stored = storedIn(suite, key);
    const parameter = new nn.Parameter(zeros(stored.shape, { device }), { name: `p${i}` });
    parameter.grad = upload(stored, device);
    return parameter;
  });
}

/** Clips; returns the total norm from before, where there is one. */
function clip(parameters: readonly nn.Parameter[], spec: JsonObject): Tensor | null {
  if (spec.fn === "clip_grad_value_") {
    optim.clipGradValue(parameters, asNumber(spec.clip_value) ?? Number.NaN);
    return null;
  }
  if (spec.fn !== "clip_grad_norm_") throw new Unsupported(String(spec.fn));
  // Where the case names no largest norm, the total is not finite and any gives the same.
  const maxNorm = asNumber(spec.max_norm) ?? 1;
  const normType = asNumber(spec.norm_type) ?? 2;
  return optim.clipGradNorm(parameters, maxNorm, { normType }).total;
}

async function compare(
  suite: Suite,
  content: JsonObject,
  parameters: readonly nn.Parameter[],
  total: Tensor | null,
): Promise<string[]> {
  const keys = isList(content.grads_out) ? content.grads_out : [];
  const problems = keys.map(async (key, i) => {
    const got = parameters[i]!.grad!;
    const { shape, dtype } = got;
    const values = { data: await got.data(), shape, dtype };
    return difference(`gradient ${i}`, values, storedIn(suite, key), DEFAULT) ?? [];
  });
  const expected = asNumber(content.total_norm);
  if (expected !== null && total !== null) {
    const scalar = (x: number) => ({ data: [x], shape: [], dtype: "float32" as const });
    const norm = scalar(await total.item());
    problems.push(Promise.resolve(difference("total norm", norm, scalar(expected), DEFAULT) ?? []));
  }
  return (await Promise.all(problems)).flat();
}

/** Once with parameters that lie apart, once with those that an optimizer has laid flat. */
async function run(suite: Suite, content: JsonObject, context: Context): Promise<string[]> {
  const spec = isObject(content.spec) ? content.spec : {};
  const problems: string[] = [];
  for (const flat of [false, true]) {
    const parameters = parametersOf(suite, content, context);
    if (flat) new optim.SGD(parameters);
    const total = clip(parameters, spec);
    const found = await compare(suite, content, parameters, total);
    problems.push(...found.map((p) => (flat ? `laid flat, ${p}` : p)));
  }
  const strict = String(spec.note).includes("error_if_nonfinite");
  if (strict) problems.push(...(await strictly(suite, content, context)));
  return problems;
}

/** With errorIfNonfinite the same gradients must reject the next awaited call. */
async function strictly(suite: Suite, content: JsonObject, context: Context): Promise<string[]> {
  const parameters = parametersOf(suite, content, context);
  const { total } = optim.clipGradNorm(parameters, 1, { errorIfNonfinite: true });
  const error = await total.item().then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof NonFiniteError ? [] : [`errorIfNonfinite: got ${String(error)}`];
}

export const clipChecks = (suite: Suite): Check[] =>
  casesOf(suite).map((content) => ({
    name: String(content.name),
    run: (context) => run(suite, content, context),
  }));
