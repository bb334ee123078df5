import type { DType, TypedArray } from "./dtype.ts";
import type { FaultKind } from "./errors.ts";
import type { Storage } from "./node.ts";
import type { Shape } from "./shape.ts";

/**
 * The graph. A `Node` is one recorded op. The planner looks only at what a node *is* (its
 * `Forward`), never at its name: fusion follows from the kind.
 */

/** Structural attributes: axes, sizes, flags. They are part of the plan's key. */
export type Attrs = Readonly<Record<string, unknown>>;

/** WGSL types at the width a kernel works at: one element, or four side by side. */
export interface Lanes {
  readonly width: 1 | 4;
  /** The dtypes of the arguments and of the result in registers: float16 is float32 there. */
  readonly args: readonly DType[];
  readonly dtype: DType;
  /** The WGSL type that holds `dtype` at this width: `f32`, `vec4<f32>`, `vec4<bool>`. */
  type(dtype: DType): string;
  /** The name of a helper function at this width. */
  helper(name: string): string;
}

/** A WGSL function that expressions call, written once for both widths. */
export interface Helper {
  readonly name: string;
  code(lanes: Lanes): string;
}

/** out[i] = f(a[i], b[i], …): fuses into any neighbour. Inputs broadcast. */
export interface Pointwise {
  readonly kind: "pointwise";
  wgsl(args: readonly string[], lanes: Lanes, attrs: Attrs): string;
  js(attrs: Attrs, dtype: DType): (...args: number[]) => number;
  /** What computing it again costs, in additions: decides between recomputing and storing. */
  readonly weight: number;
  readonly helpers: readonly Helper[];
  /** Its float16 result is rounded even where it gets no memory: a cast means it. */
  readonly rounds?: true;
}

/** One step of index algebra; `shape` is always the shape after the step. */
export type ViewStep =
  | { readonly type: "reshape"; readonly shape: Shape }
  | { readonly type: "permute"; readonly shape: Shape; readonly order: readonly number[] }
  | { readonly type: "expand"; readonly shape: Shape }
  | {
      readonly type: "slice";
      readonly shape: Shape;
      readonly starts: readonly number[];
      readonly steps: readonly number[];
    }
  | { readonly type: "flip"; readonly shape: Shape; readonly axes: readonly number[] }
  | { readonly type: "pad"; readonly shape: Shape; readonly before: readonly number[] };

/** The same elements in another order: costs nothing. */
export interface View {
  readonly kind: "view";
  step(attrs: Attrs, from: Shape, to: Shape): ViewStep;
}

/** out[o] = combine over r of in[o, r], as a tree. Attributes: `axes`, `keepDims`. */
export interface Reduction {
  readonly kind: "reduction";
  identity(dtype: DType): number;
  wgsl(a: string, b: string, lanes: Lanes): string;
  js(dtype: DType): (a: number, b: number) => number;
  readonly helpers: readonly Helper[];
  /** It is a plain sum, which a neighbouring kernel may compute on its way. */
  readonly additive: boolean;
}

export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A kernel with its own WGSL. Nodes of one family with equal inputs share one launch. */
export interface Kernel {
  readonly kind: "kernel";
  readonly family: string;
  /** Which of the family's results this op is. */
  readonly output: number;
  outputs(attrs: Attrs, inputs: readonly Spec[]): readonly Spec[];
  /** Whether each input may be a strided view (else it is made contiguous first). */
  strided(attrs: Attrs, input: number): boolean;
  source(call: KernelCall): KernelSource;
  reference(call: ReferenceCall): TypedArray[];
  /** Can it also sum input `input` over `axes` (of the input's own axes) on its way? */
  absorbs?(attrs: Attrs, inputs: readonly Spec[], input: number, axes: readonly number[]): boolean;
}

/** Puts its inputs at fixed offsets of one flat result; needs no launch of its own. */
export interface Pack {
  readonly kind: "pack";
  offsets(attrs: Attrs): readonly number[];
}

/**
 * Leaves: `source` is data in device memory, `scalar` a number given at every run, `constant` a
 * number that is part of the graph, `iota` the running index 0, 1, 2, …
 */
export interface Leaf {
  readonly kind: "source" | "scalar" | "constant" | "iota";
}

export type Forward = Pointwise | View | Reduction | Kernel | Pack | Leaf;

export interface Op {
  readonly id: number;
  readonly name: string;
  readonly forward: Forward;
}

/** An operand as a kernel reads it: address arithmetic is in elements. */
export interface Operand extends Spec {
  /** Strides per axis in elements; 0 where it is broadcast. */
  readonly strides: readonly number[];
  /** Four neighbours along `axis` can be read as one vec4 where the index is a multiple of 4. */
  vec4(axis: number): boolean;
  /** WGSL of the value at a logical index; four values along the last axis when `width` is 4. */
  at(indices: readonly string[], width?: 1 | 4): string;
  /** WGSL of the array index of an element, in units of `width`: loops add strides to it. */
  pointer(indices: readonly string[], width: 1 | 4): string;
  /** WGSL of what lies at such an array index. */
  element(pointer: string, width: 1 | 4): string;
}

/** A result that a kernel stores through the epilogue that was fused into it. */
export interface Sink extends Spec {
  readonly wanted: boolean;
  /** It can take four neighbours along the last axis at once. */
  readonly vec4: boolean;
  /** WGSL statements that finish and store `value` at a logical index. */
  store(indices: readonly string[], value: string, width?: 1 | 4): string;
  /** WGSL of what was stored there; null where something is fused behind it. */
  readonly reload: ((indices: readonly string[], width?: 1 | 4) => string) | null;
}

/** What a kernel's source is made from. */
export interface KernelCall {
  readonly attrs: Attrs;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Sink[];
  /** Sums of inputs that the planner asks for beside the outputs (see `absorbs`). */
  readonly absorbed: readonly { readonly input: number; readonly sink: Sink }[];
  readonly target: Target;
  /** Makes a helper available to the body. */
  use(helper: Helper, lanes: Lanes): string;
  /** WGSL statement that makes the next awaited call reject with this message. */
  report(message: string, kind?: FaultKind): string;
}

/** One of several ways to write a kernel; all give the same result but for rounding. */
export interface Variant {
  /** Says what it is, as in "8x8": the name by which a tuning record keeps it. */
  readonly name: string;
}

/** C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n], with either operand stored transposed. */
export interface MatmulShape {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored [k, m], B is stored [n, k]. */
  readonly ta: boolean;
  readonly tb: boolean;
}

/** Products of small matrices that a subgroup's threads compute together. */
export interface MatrixUnit {
  /** Matrices of float32 are `size` x `size`. */
  readonly size: number;
  /** Threads of every subgroup. */
  readonly lanes: number;
  /** Writes a matrix product: given with the unit, as only devices opened with it need that. */
  matmul(call: KernelCall, shape: MatmulShape, unit: MatrixUnit): KernelSource;
}

/** What the machine is good at, as far as kernels choose by it. */
export interface Target {
  readonly software: boolean;
  /**
   * Its compiler keeps few values in registers, as SwiftShader's does: the lanes of a vector are
   * then computed one after the other.
   */
  readonly apart: boolean;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxInvocations: number;
  readonly maxWorkgroupBytes: number;
  readonly maxBindings: number;
  readonly maxBufferBytes: number;
  /** Threads that every subgroup has at least; 1 where shaders have no subgroups. */
  readonly subgroups: number;
  /** Where `init` was told to use subgroup matrices, and the adapter has them. */
  readonly matrixUnit: MatrixUnit | null;
  /** Without it every op is a launch of its own, and every value is stored: to compare with. */
  readonly fuse: boolean;
  /** Kernels that take long to compile start with a text that does not (`KernelSource.quick`). */
  readonly quickStart: boolean;
  /**
   * The variant to write: the fastest one on record for this class of shapes, else the first,
   * which the kernel's static rule prefers. `shapes` says which kernel it is and its sizes, each
   * as `sizeClass` gives it, so that a record serves more than the very sizes it was made with.
   */
  choose<V extends Variant>(shapes: string, variants: readonly V[]): V;
}

/** A kernel's text without its bindings, which the planner declares. */
export interface KernelSource {
  readonly label: string;
  readonly workgroupSize: readonly [number, number, number];
  readonly workgroups: readonly [number, number, number];
  /** Additions and multiplications of one launch, where it knows them: for the profiler. */
  readonly flops?: number;
  /** Workgroup memory, constants and helper functions. */
  readonly globals?: string;
  /**
   * Where the body names element `(i * Nu + ku)` of an array, all N of that block exist. Arrays of
   * which it names no others are declared as arrays of blocks: one test of bounds serves a block.
   */
  readonly blocks?: number;
  /** Statements of `main`; `gid`, `lid` and `wid` are in scope. */
  readonly body: string;
  /** The same sums in the same order in a text that compiles much sooner: it runs meanwhile. */
  readonly quick?: KernelSource;
}

/** What a kernel's reference is given: contiguous inputs. */
export interface ReferenceCall {
  readonly attrs: Attrs;
  readonly inputs: readonly (Spec & { readonly data: TypedArray })[];
  readonly outputs: readonly Spec[];
  /** A zeroed array for one result, in the device's precision. */
  create(spec: Spec): TypedArray;
}

/** A device-independent graph, ready to be planned: structure only, no values. */
export interface Program {
  readonly nodes: readonly ProgramNode[];
  /** Nodes whose storage each run gives, in order, and which of them share a home. */
  readonly sources: readonly number[];
  readonly homes: readonly Place[];
  /** Nodes whose number each run gives, in order. */
  readonly scalars: readonly number[];
  /** Nodes to store, in order, and where the targets lie. */
  readonly stores: readonly { readonly node: number; readonly place: Place }[];
}

/** Where a storage lies, by identity only: equal `home` is one buffer, equal `spot` one address. */
export interface Place {
  readonly home: number;
  readonly spot: number;
  /** Kernels may write it themselves; else the result is copied there at the end. */
  readonly direct: boolean;
  /** Its byte offset where every run has the same, which kernels then know; else null. */
  readonly start: number | null;
}

export interface ProgramNode extends Spec {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: readonly number[];
  /**
   * It is computed again, in a pass that begins at this node, rather than kept: it is no earlier
   * value's equal, and no launch of an earlier node computes it on its way. 0 for most.
   */
  readonly notBefore: number;
}

/** One run of a program. */
export interface Run {
  readonly sources: readonly Storage[];
  readonly scalars: ArrayLike<number>;
  readonly targets: readonly Storage[];
}

/** A program made ready for one device. */
export interface Executable {
  /** Enqueues one run; what it stores is visible to every later run and read. */
  run(call: Run): void;
  /** Gives its memory back once what was enqueued has run; it is not run again. */
  free(): void;
}
