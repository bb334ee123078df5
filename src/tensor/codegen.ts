import { unravel } from "../../kernels/indexText.ts";
import { pointwiseKernel } from "../../kernels/pointwise.ts";
import { reduceKernel } from "../../kernels/reduce.ts";
import { computed } from "../core/dtype.ts";
import type { Kernel, KernelSource, Operand, Reduction, Sink, Spec, Target } from "../core/ir.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { Choice } from "../gpu/spec.ts";
import { type Locate, valuesOf } from "./emit.ts";
import { operandBase } from "./fuse.ts";
import type { Graph } from "./graph.ts";
import { type Launch, mainResult } from "./schedule.ts";
import { addressOf, canBeWide, layoutsOf, plainSpace, type Space, spaceOf } from "./space.ts";
import { KernelText } from "./text.ts";
import { contiguous, type Layout } from "./view.ts";
import { lanes, literal, typeOf } from "./wgsl.ts";

/** One dispatch: its text and the memory it touches. */
export interface Stage {
  readonly text: KernelText;
  readonly source: KernelSource;
  /** Scratch memory that this stage makes for the next one, in elements. */
  readonly temporary?: { readonly id: number; readonly size: number };
  /** What was decided for the launch; the same array for each of its stages. */
  readonly choices: readonly Choice[];
}

type PlainStage = Omit<Stage, "choices">;

export interface Site {
  readonly graph: Graph;
  readonly target: Target;
  /** Where a stored node is read, and where it is written. */
  readonly locate: Locate;
  /** Nodes whose value has to be written to memory (others live in registers only). */
  readonly isKept: (node: number) => boolean;
  readonly nextTemporary: () => number;
  /** Elements that may be read and stored at once. */
  readonly widest: 1 | 4;
}

/** The WGSL of a launch: one stage, or two for a reduction too long for one. */
export function generate(launch: Launch, place: Omit<Site, "widest">): Stage[] {
  const wide = stagesWith(launch, { ...place, widest: 4 });
  const fits = ({ text }: Stage) => text.bindings.length <= place.target.maxBindings;
  // A buffer that is read four by four and one by one, too, is bound twice.
  return wide.every(fits) ? wide : stagesWith(launch, { ...place, widest: 1 });
}

/** The stages of a launch, with the decisions between variants that were made on the way. */
function stagesWith(launch: Launch, site: Site): Stage[] {
  const choices: Choice[] = [];
  const choose: Target["choose"] = (shapes, variants) => {
    const variant = site.target.choose(shapes, variants);
    choices.push({ shapes, names: variants.map(({ name }) => name), chosen: variant.name });
    return variant;
  };
  const stages = stagesOf(launch, { ...site, target: { ...site.target, choose } });
  return stages.map((stage) => ({ ...stage, choices }));
}

function stagesOf(launch: Launch, site: Site): PlainStage[] {
  if (launch.kind === "pointwise") return [generatePointwise(launch, site)];
  if (launch.kind === "reduction") return generateReduction(launch, site);
  return [generateKernel(launch, site)];
}

/** A node as kernels see it: whatever is loaded as float16 is float32 from there on. */
const specOf = (graph: Graph, node: number): Spec => {
  const { shape, dtype } = graph.nodes[node];
  return { shape, dtype: computed(dtype) };
};

/** Statements that compute and store the launch's element-wise outputs, and kept results. */
class Epilogue {
  readonly layouts: Layout[];
  readonly shape: Shape;
  readonly #launch: Launch;
  readonly #site: Site;
  readonly #text: KernelText;
  #calls = 0;

  constructor(launch: Launch, site: Site, text: KernelText, shape: Shape) {
    this.#launch = launch;
    this.#site = site;
    this.#text = text;
    this.shape = shape;
    const { graph } = site;
    this.layouts = launch.outputs.flatMap((node) => layoutsOf(graph, node, this.#path(node), true));
  }

  /** `results` are the anchor's values in registers, by node. */
  write(
    space: Space,
    indices: readonly string[],
    width: 1 | 4,
    results: ReadonlyMap<number, string>,
  ): string {
    const { graph, locate, isKept, target } = this.#site;
    const at = { ...this.#site, text: this.#text, space, indices, width, registers: results };
    const apart = target.apart && results.size === 0;
    const { lines, values } = valuesOf(
      { ...at, prefix: `e${this.#calls++}_`, apart, expand: true },
      this.#launch.outputs.map((node) => ({ node, path: this.#path(node) })),
    );
    const stores: string[] = [];
    const address = addressOf(contiguous(space.sizes), indices);
    const keep = (node: number, value: string): void => {
      if (!isKept(node)) return;
      const { dtype } = graph.nodes[node];
      stores.push(this.#text.store(locate(node), dtype, address, value, width));
    };
    for (const [node, value] of results) keep(node, value);
    for (const [i, node] of this.#launch.outputs.entries()) keep(node, values[i]);
    return [...lines, ...stores].join("\n");
  }

  /** From the launch's domain to an output of the same size but perhaps another shape. */
  #path(node: number): number {
    const { graph } = this.#site;
    const { shape } = graph.nodes[node];
    if (shape.join() === this.shape.join()) return 0;
    return graph.paths.extend(0, { type: "reshape", shape: this.shape });
  }
}

function generatePointwise(launch: Launch, site: Site): PlainStage {
  const { graph, target } = site;
  const text = new KernelText();
  const { shape } = specOf(graph, launch.outputs[0]);
  const epilogue = new Epilogue(launch, site, text, shape);
  const own = contiguous(shape);
  const space = spaceOf(shape, [own, ...epilogue.layouts]);
  const width = canBeWide([own, ...epilogue.layouts], space) ? site.widest : 1;
  const source = pointwiseKernel(
    { label: labelOf(launch, graph), size: sizeOf(shape), width, target },
    (index) => epilogue.write(space, unravel(index, space.sizes), width, new Map()),
  );
  return { text, source };
}

function generateReduction(launch: Launch, site: Site): PlainStage[] {
  const { graph, target } = site;
  const { op, attrs, inputs } = graph.nodes[launch.anchor];
  const { dtype, shape: outShape } = specOf(graph, launch.anchor);
  const forward = op.forward as Reduction;
  const input = inputs[0];
  const { shape } = graph.nodes[input];
  const axes = attrs.axes as readonly number[];
  const reduced = (d: number) => axes.includes(d);
  const layouts = layoutsOf(graph, input, 0, false);
  const space = spaceOf(shape, layouts, (d, before) => reduced(d) !== reduced(before));
  const isReduced = space.groups.map((g) => reduced(g[0]));
  const identity = literal(forward.identity(dtype), dtype);
  const plan = {
    label: labelOf(launch, graph),
    sizes: space.sizes,
    isReduced,
    wide: site.widest === 4 && canBeWide(layouts, space),
    dtype,
    identity,
    target,
  };
  return reduceKernel(plan, {
    open: () => new KernelText(),
    nextTemporary: site.nextTemporary,
    combine: (text, a, b, width) => {
      const width_ = lanes(width, [dtype, dtype], dtype);
      for (const helper of forward.helpers) text.use(helper, width_);
      return forward.wgsl(a, b, width_);
    },
    value: (text, indices, width, prefix) => {
      // Without elements there is nothing to index: the result is the neutral element.
      if (sizeOf(shape) === 0) return { lines: [], value: `${typeOf(dtype, width)}(${identity})` };
      const at = { ...site, text, space, indices, width, prefix };
      const { lines, values } = valuesOf({ ...at, apart: target.apart, expand: false }, [
        { node: input, path: 0 },
      ]);
      return { lines, value: values[0] };
    },
    finish: (text, out, width, value) => {
      const epilogue = new Epilogue(launch, site, text, outShape);
      const flat: Space = spaceOf(outShape, [contiguous(outShape), ...epilogue.layouts]);
      const results = new Map([[launch.anchor, value]]);
      return epilogue.write(flat, unravel(out, flat.sizes), width, results);
    },
    type: (width) => typeOf(dtype, width),
    loadPartial: (text, id, index, width) =>
      text.load({ kind: "temporary", id }, dtype, index, width),
    storePartial: (text, id, index, value, width) =>
      text.store({ kind: "temporary", id }, dtype, index, value, width),
    canFinishWide: () => {
      const epilogue = new Epilogue(launch, site, new KernelText(), outShape);
      const all = [contiguous(outShape), ...epilogue.layouts];
      return site.widest === 4 && canBeWide(all, spaceOf(outShape, all));
    },
  });
}

function generateKernel(launch: Launch, site: Site): PlainStage {
  const { graph, target } = site;
  const { op, attrs, inputs } = graph.nodes[launch.anchor];
  const forward = op.forward as Kernel;
  const text = new KernelText();
  const specs = inputs.map((i) => specOf(graph, i));
  const outputs = forward.outputs(attrs, specs).map((spec, output) => {
    const node = launch.results.get(output);
    if (node === undefined) return unwanted(spec);
    return sink(launch, site, text, node, output === 0);
  });
  const source = forward.source({
    attrs,
    inputs: inputs.map((i) => operand(i, site, text)),
    outputs,
    absorbed: launch.absorbed.map(({ input, node }) => ({
      input,
      sink: sink(launch, site, text, node, false),
    })),
    target,
    use: (helper, width) => text.use(helper, width),
    report: (message, kind) => text.report(message, kind),
  });
  return { text, source: { ...source, label: `${source.label} ${labelOf(launch, graph)}` } };
}

/** How a kernel stores a result: through the epilogue for its main one. */
function sink(launch: Launch, site: Site, text: KernelText, node: number, main: boolean): Sink {
  const { graph } = site;
  const spec = specOf(graph, node);
  const { shape } = spec;
  const fused = main ? launch : { ...launch, outputs: [] };
  const epilogue = new Epilogue(fused, site, text, shape);
  const space = plainSpace(shape);
  const isPlain = graph.stored[node] && fused.outputs.every((output) => output === node);
  return {
    ...spec,
    wanted: true,
    vec4: site.widest === 4 && canBeWide([contiguous(shape), ...epilogue.layouts], space),
    store: (indices, value, width = 1) =>
      `{\n${epilogue.write(space, indices, width, new Map([[node, value]]))}\n}`,
    reload: isPlain ? operand(node, site, text).at : null,
  };
}

const unwanted = (spec: Spec): Sink => ({
  ...spec,
  wanted: false,
  vec4: true,
  store: () => "",
  reload: null,
});

/** How a kernel reads an input: in place, through the views above its base. */
function operand(input: number, { graph, locate, widest }: Site, text: KernelText): Operand {
  const isBase = graph.stored[input];
  const found = isBase ? null : operandBase(graph, input);
  const base = found?.base ?? input;
  const layout = found?.layout ?? contiguous(graph.nodes[input].shape);
  const { shape, dtype } = graph.nodes[input];
  const address = (indices: readonly string[]) => addressOf(layout, indices);
  const vec4 = (axis: number): boolean =>
    widest === 4 &&
    layout.strides[axis] === 1 &&
    shape[axis] % 4 === 0 &&
    layout.offset % 4 === 0 &&
    layout.strides.every((s, d) => d === axis || shape[d] === 1 || s % 4 === 0);
  return {
    shape,
    dtype: computed(dtype),
    strides: layout.strides,
    vec4,
    at: (indices, width = 1) => text.load(locate(base), dtype, address(indices), width),
    pointer: (indices, width) => text.pointer(locate(base), address(indices), width),
    element: (pointer, width) => text.element(locate(base), dtype, pointer, width),
  };
}

function labelOf(launch: Launch, graph: Graph): string {
  const nodes = [...launch.results.values(), ...launch.outputs];
  const names = nodes.map((n) => graph.nodes[n].op.name);
  const { shape } = graph.nodes[mainResult(launch) ?? nodes[0]];
  return `${[...new Set(names)].slice(0, 8).join("+")} [${shape}]`;
}
