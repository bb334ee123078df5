import { add, backward, mul, sum, type Tensor, zerosLike } from "../../src/index.ts";
import { callOp } from "./adapters/index.ts";
import { Unsupported } from "./arguments.ts";
import { type Bound, boundOf, difference } from "./bound.ts";
import { type CaseArguments, caseArguments } from "./caseArguments.ts";
import type { Check, Context } from "./context.ts";
import {
  casesOf,
  isList,
  isObject,
  type Json,
  type JsonObject,
  type Stored,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";

/** A case of the suites ops, opinfo and extreme. */
interface OpCase {
  readonly suite: Suite;
  readonly content: JsonObject;
  readonly context: Context;
  readonly op: string;
  readonly bound: Bound;
}

const listOf = (x: Json | undefined): readonly Json[] => (isList(x) ? x : []);
const objectOf = (x: Json | undefined): JsonObject => (isObject(x) ? x : {});

/** Σ x · weight over the pairs whose weight is given; null when none is. */
function weighted(c: OpCase, pairs: readonly (readonly [Tensor, Json | undefined])[]) {
  const terms = pairs.flatMap(([x, key]) =>
    typeof key === "string" ? [sum(mul(x, upload(storedIn(c.suite, key), c.context.device)))] : [],
  );
  return terms.length === 0 ? null : terms.reduce((a, b) => add(a, b));
}

/** Records the op; its results, and L = Σ out · ct where the case gives cotangents. */
async function forward(c: OpCase, { args, kwargs }: CaseArguments) {
  const results = await callOp(c.op, args, kwargs);
  const expected = listOf(c.content.out).length;
  if (results.length !== expected) {
    throw new Unsupported(`${c.op} with ${expected} results instead of ${results.length}`);
  }
  const cts = listOf(c.content.ct);
  return {
    results,
    loss: weighted(
      c,
      results.map((r, i) => [r, cts[i]] as const),
    ),
  };
}

/** Differentiates L, and Σᵢ Σ gradᵢ · uᵢ where directions u are given. */
async function differentiated(c: OpCase, directions: JsonObject | null): Promise<CaseArguments> {
  return c.context.recording(c.op, async () => {
    const input = caseArguments(c.suite, c.content, c.context.device);
    const { loss } = await forward(c, input);
    if (loss?.requiresGrad) backward(loss, { createGraph: directions !== null });
    if (directions === null) return input;
    const pairs = Object.entries(input.leaves).map(([i, leaf]) => {
      const pair = [leaf.grad ?? zerosLike(leaf), directions[i]] as const;
      leaf.grad = null;
      return pair;
    });
    const second = weighted(c, pairs);
    if (second?.requiresGrad) backward(second);
    return input;
  });
}

async function compare(
  what: string,
  got: Tensor,
  expected: Stored,
  bound: Bound,
): Promise<string[]> {
  const { shape, dtype } = got;
  const problem = difference(what, { data: await got.data(), shape, dtype }, expected, bound);
  return problem === null ? [] : [problem];
}

/** PyTorch's null gradient means that the input does not matter: the same as zeros. */
async function compareGradients(
  c: OpCase,
  what: string,
  { leaves }: CaseArguments,
  expected: JsonObject,
): Promise<string[]> {
  const found = Object.entries(expected).map(([i, key]) => {
    const leaf = leaves[i];
    if (leaf === undefined) return [`${what} ${i}: the case has no such input`];
    const { shape, dtype, size } = leaf;
    const zeros: Stored = { shape, dtype, data: new Float32Array(size) };
    const wanted = typeof key === "string" ? storedIn(c.suite, key) : zeros;
    return compare(`${what} ${i}`, leaf.grad ?? zerosLike(leaf), wanted, c.bound);
  });
  return (await Promise.all(found)).flat();
}

async function run(c: OpCase): Promise<readonly string[]> {
  const { results } = await c.context.recording(c.op, () =>
    forward(c, caseArguments(c.suite, c.content, c.context.device)),
  );
  const outs = listOf(c.content.out).map((out) => storedIn(c.suite, objectOf(out).t));
  const values = results.map((r, i) => compare(`result ${i}`, r, outs[i]!, c.bound));
  const problems = (await Promise.all(values)).flat();
  const grads = objectOf(c.content.grads);
  if (Object.keys(grads).length > 0) {
    problems.push(...(await compareGradients(c, "grad", await differentiated(c, null), grads)));
  }
  const { u, grads: second } = objectOf(c.content.gg);
  if (isObject(second) && problems.length === 0) {
    const input = await differentiated(c, objectOf(u));
    problems.push(...(await compareGradients(c, "second grad", input, second)));
  }
  return problems;
}

export const opChecks = (suite: Suite): Check[] =>
  casesOf(suite).map((content) => ({
    name: String(content.name),
    run: (context) =>
      run({ suite, content, context, op: String(content.op), bound: boundOf(content.tol) }),
  }));
