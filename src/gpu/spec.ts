import type { DType } from "../core/dtype.ts";
import type { Fault } from "../core/errors.ts";

/** A plan as the GPU layer runs it: launches over fixed addresses, nothing of the graph. */
export interface PlanSpec {
  readonly launches: readonly LaunchSpec[];
  /** Bytes of each arena bank. No launch reads a bank that it writes. */
  readonly banks: readonly number[];
  /** Bytes of uniforms each launch binds; regions start at multiples of it. */
  readonly uniformStride: number;
  readonly uniforms: readonly UniformWord[];
  /** Copies at the end, from where a value lies to where the run wants it. */
  readonly copies: readonly CopySpec[];
  /** Flags that launches set when they see a fault, and what each means; null for none. */
  readonly faults: readonly (Fault | null)[];
  /** How many storages each run gives. */
  readonly sources: number;
  readonly targets: number;
}

export interface LaunchSpec {
  readonly label: string;
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
  /** A text that gives the same bits and compiles sooner: it runs until the other is ready. */
  readonly quick?: Pick<LaunchSpec, "code" | "workgroups">;
  /** Additions and multiplications, 0 where the kernel does not say. */
  readonly flops: number;
  /** What it reads and writes, if it touches every element of its values once. */
  readonly bytes: number;
  /** Which variants its kernel chose among: what a tuner can try. */
  readonly choices: readonly Choice[];
  readonly bindings: readonly BindingSpec[];
  /** Byte offset of its uniforms, or -1 when it has none. */
  readonly uniformOffset: number;
}

/** One decision between variants of a kernel (see `Target.choose`). */
export interface Choice {
  readonly shapes: string;
  readonly names: readonly string[];
  readonly chosen: string;
}

/** What a binding covers: part of a bank, or the whole buffer that a source or target lies in. */
export type BindingSpec = { readonly write: boolean } & (
  | { readonly kind: "bank"; readonly bank: number; readonly offset: number; readonly size: number }
  | ({ readonly kind: "source" | "target"; readonly index: number } & {
      /** Bytes from the storage's start and size; null binds the whole buffer. */
      readonly part: { readonly offset: number; readonly size: number } | null;
    })
  /** The launch's own flags, from this byte on. */
  | { readonly kind: "flags"; readonly offset: number }
);

/** A word of the uniforms: a number of the run, or where a source or target starts in elements. */
export type UniformWord = { readonly at: number } & (
  | { readonly kind: "scalar"; readonly index: number; readonly dtype: DType }
  | {
      readonly kind: "source" | "target";
      readonly index: number;
      readonly start: number;
      /** Bytes of an element. */
      readonly bytes: number;
    }
);

/** Memory of the plan, or of the run. */
export type CopyPlace =
  | { readonly kind: "bank"; readonly bank: number; readonly offset: number }
  | { readonly kind: "source" | "target"; readonly index: number; readonly offset: number };

/** Between two buffers: WebGPU copies nothing within one. */
export interface CopySpec {
  readonly from: CopyPlace;
  readonly to: CopyPlace;
  readonly bytes: number;
}
