import { bytesFor, type DType } from "../core/dtype.ts";
import { ValueError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { leavesOf } from "../core/tree.ts";
import { zeros } from "../ops/creation/creation.ts";
import { Recording } from "../tensor/capture.ts";
import type { Device } from "../tensor/device.ts";
import { defaultDevice } from "../tensor/op.ts";
import { withPending } from "../tensor/pending.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { FlopCounter } from "./flops.ts";
import { type Callable, registerAround } from "./hooks.ts";
import type { Module } from "./module.ts";
import { summaryText } from "./summaryText.ts";

/** One call of a layer; what is inside of it follows, deeper by one. */
export interface SummaryRow {
  /** The path to the layer, "" for the model itself. */
  readonly name: string;
  /** The class: "Conv2d". */
  readonly type: string;
  readonly depth: number;
  /** The shape of each tensor that it gave. */
  readonly outputs: readonly Shape[];
  /** Of the layer and all inside of it; 0 where it was called before. */
  readonly parameters: number;
  /** Floating-point operations of this call, of the layers inside too. */
  readonly flops: number;
  /** Bytes of what it gave. */
  readonly outputBytes: number;
  /** It was called before: its parameters count there. */
  readonly shared: boolean;
}

export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** Numbers in parameters and buffers, shared ones once. */
  readonly parameters: number;
  readonly trainable: number;
  readonly buffers: number;
  /** Floating-point operations of one forward pass. */
  readonly flops: number;
  readonly parameterBytes: number;
  readonly bufferBytes: number;
  /** Bytes of the outputs of layers without layers inside: what a backward pass looks back at. */
  readonly activationBytes: number;
  /** The table. */
  toString(): string;
}

export interface SummaryOptions {
  /** Of inputs given by their shape: one for all, or one for each. The default is float32. */
  readonly dtype?: DType | readonly DType[];
  /** How deep the rows go: 1 is the layers right inside of the model. All without it. */
  readonly depth?: number;
}

/** A tensor, or the shape of one. */
export type SummaryInput = Tensor | Shape;

/**
 * What a model is made of, and what a forward pass costs: layers, shapes, parameters, operations,
 * bytes. The pass is only recorded, in evaluation mode: nothing runs, no number is drawn, and the
 * model stays as it was.
 *
 *     console.log(String(summary(model, [1, 3, 32, 32])));
 *     summary(model, [[8, 20], [8, 20]], { dtype: "int32" }); // two inputs
 *
 * Operations: 2·m·k·n for a matrix product and two for each weight and place of a convolution; one
 * an element for sums and simple functions, more for dearer ones.
 * @throws what the model throws for such inputs
 */
export function summary(
  model: Callable,
  inputs: SummaryInput | readonly SummaryInput[],
  options: SummaryOptions = {},
): Summary {
  const device = model.parameters()[0]?.device ?? (defaultDevice("summary") as Device);
  const trace = new Trace(model);
  const recording = new Recording(device, []);
  const modes = model.modules().map((module) => [module, module.training] as const);
  const { onRecord } = trace;
  const handles = model
    .modules()
    .flatMap((module) => (isCallable(module) ? [trace.watch(module)] : []));
  try {
    model.eval();
    withRecorder({ capture: recording, gradEnabled: false, onRecord }, () =>
      withPending(device, recording.pending, () => {
        const args = argumentsOf(inputs, options, device);
        (model.forward as (...args: Tensor[]) => unknown)(...args);
      }),
    );
  } finally {
    recording.abandon();
    for (const handle of handles) handle.remove();
    for (const [module, mode] of modes) module.training = mode;
  }
  return totals(model, trace.rows, options.depth);
}

const isCallable = (module: Module): module is Callable =>
  "forward" in module && typeof module.forward === "function";

function argumentsOf(
  given: SummaryInput | readonly SummaryInput[],
  { dtype = "float32" }: SummaryOptions,
  device: Device,
): Tensor[] {
  const one = given instanceof Tensor || given.every((n) => typeof n === "number");
  const list = (one ? [given] : given) as readonly SummaryInput[];
  if (Array.isArray(dtype) && dtype.length !== list.length) {
    throw new ValueError(
      `summary: there is not one dtype for each input; got ${dtype.length} for ${list.length}. ` +
        "Give one for all, or a list as long as the inputs.",
    );
  }
  return list.map((input, i) => {
    if (input instanceof Tensor) return input;
    return zeros(input, { dtype: typeof dtype === "string" ? dtype : dtype[i]!, device });
  });
}

type Open = { -readonly [K in keyof SummaryRow]: SummaryRow[K] };

/** Follows the calls of a model's layers. */
class Trace {
  readonly rows: Open[] = [];
  readonly #names = new Map<Module, string>();
  readonly #called = new Set<Module>();
  readonly #open: Open[] = [];
  readonly #counter = new FlopCounter();

  constructor(model: Module) {
    const visit = (module: Module, path: string): void => {
      if (this.#names.has(module)) return;
      this.#names.set(module, path);
      for (const [name, child] of module.children())
        visit(child, path === "" ? name : `${path}.${name}`);
    };
    visit(model, "");
  }

  readonly onRecord = (node: Node): void => {
    const flops = this.#counter.count(node);
    for (const row of this.#open) row.flops += flops;
  };

  watch(module: Callable) {
    return registerAround("summary", module, (inputs) => {
      this.#enter(module);
      const finish = (output: unknown) => {
        const row = this.#open.pop()!;
        const given = leavesOf(output).flatMap(({ leaf }) =>
          leaf instanceof Tensor ? [leaf] : [],
        );
        row.outputs = given.map((t) => t.shape);
        row.outputBytes = sumOf(given, bytesOfTensor);
        return output;
      };
      return { inputs, finish };
    });
  }

  #enter(module: Module): void {
    const shared = this.#called.has(module);
    this.#called.add(module);
    const row: Open = {
      name: this.#names.get(module) ?? "",
      type: module.constructor.name,
      depth: this.#open.length,
      outputs: [],
      parameters: shared ? 0 : sumOf(module.parameters(), (p) => p.size),
      flops: 0,
      outputBytes: 0,
      shared,
    };
    this.rows.push(row);
    this.#open.push(row);
  }
}

const sumOf = <T>(list: readonly T[], of: (item: T) => number): number =>
  list.reduce((total, item) => total + of(item), 0);

const bytesOfTensor = ({ shape, dtype }: Tensor): number => bytesFor(sizeOf(shape), dtype);

function totals(model: Module, rows: readonly SummaryRow[], most = Infinity): Summary {
  const parameters = model.parameters();
  const buffers = model.buffers();
  const size = (v: Variable) => v.size;
  const leaves = rows.filter(({ depth }, i) => (rows[i + 1]?.depth ?? 0) <= depth);
  const made = {
    rows: rows.filter(({ depth }) => depth <= most),
    parameters: sumOf(parameters, size),
    trainable: sumOf(
      parameters.filter((p) => p.requiresGrad),
      size,
    ),
    buffers: sumOf(buffers, size),
    flops: rows[0]?.flops ?? 0,
    parameterBytes: sumOf(parameters, bytesOfTensor),
    bufferBytes: sumOf(buffers, bytesOfTensor),
    activationBytes: sumOf(leaves, (row) => row.outputBytes),
  };
  return { ...made, toString: () => summaryText(made) };
}
