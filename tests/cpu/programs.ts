import type { DType, TypedArray } from "../../src/core/dtype.ts";
import type { Attrs, Forward, Op, Program, ProgramNode, ViewStep } from "../../src/core/ir.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";
import { CpuDevice } from "../../src/cpu/device.ts";

/** Programs put together by hand, so that the interpreter is tested by itself. */
export const op = (name: string, forward: Forward): Op => ({ id: 0, name, forward });

export interface Draft {
  readonly op: Op;
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly inputs?: readonly number[];
  readonly attrs?: Attrs;
}

export const source = (shape: Shape, dtype: DType = "float32"): Draft => ({
  op: op("source", { kind: "source" }),
  shape,
  dtype,
});

export const scalar = (dtype: DType = "float32"): Draft => ({
  op: op("scalar", { kind: "scalar" }),
  shape: [],
  dtype,
});

export function pointwise(
  f: (...args: number[]) => number,
  shape: Shape,
  inputs: readonly number[],
  dtype: DType = "float32",
): Draft {
  const forward: Forward = {
    kind: "pointwise",
    wgsl: () => "",
    js: () => f,
    weight: 1,
    helpers: [],
  };
  return { op: op("pointwise", forward), shape, inputs, dtype };
}

export const view = (step: ViewStep, input: number, dtype: DType = "float32"): Draft => ({
  op: op("view", { kind: "view", step: () => step }),
  shape: step.shape,
  inputs: [input],
  dtype,
});

export function reduction(
  f: (a: number, b: number) => number,
  identity: number,
  axes: readonly number[],
  shape: Shape,
  input: number,
  dtype: DType = "float32",
): Draft {
  const forward: Forward = {
    kind: "reduction",
    identity: () => identity,
    wgsl: () => "",
    js: () => f,
    helpers: [],
    additive: false,
  };
  return { op: op("reduction", forward), shape, inputs: [input], dtype, attrs: { axes } };
}

export function program(drafts: readonly Draft[], stores: readonly number[]): Program {
  const nodes: ProgramNode[] = drafts.map((d) => ({
    dtype: "float32",
    inputs: [],
    notBefore: 0,
    attrs: {},
    ...d,
  }));
  const at = (kind: string) => nodes.flatMap((n, i) => (n.op.forward.kind === kind ? [i] : []));
  const sources = at("source");
  const place = (i: number) => ({ home: i, spot: i, direct: true, start: null });
  return {
    nodes,
    sources,
    homes: sources.map((_, i) => place(i)),
    scalars: at("scalar"),
    stores: stores.map((node, i) => ({ node, place: place(sources.length + i) })),
  };
}

/** Runs a program once on fresh storages and reads everything that it stores. */
export async function evaluate(
  drafts: readonly Draft[],
  stores: readonly number[],
  sources: readonly (readonly number[])[] = [],
  scalars: readonly number[] = [],
  precision: "float32" | "float64" = "float64",
): Promise<TypedArray[]> {
  const device = new CpuDevice({ precision });
  const made = program(drafts, stores);
  const spec = (i: number) => made.nodes[i]!;
  const targets = stores.map((i) => device.allocate(sizeOf(spec(i).shape), spec(i).dtype));
  device.load(made).run({
    sources: sources.map((x, i) => device.upload(x, spec(made.sources[i]!).dtype)),
    scalars,
    targets,
  });
  return Promise.all(
    targets.map((t, i) => device.read(t, sizeOf(spec(stores[i]!).shape), spec(stores[i]!).dtype)),
  );
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
