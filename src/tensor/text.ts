import type { DType } from "../core/dtype.ts";
import type { Fault, FaultKind } from "../core/errors.ts";
import type { Helper, KernelSource, Lanes } from "../core/ir.ts";
import { FROM_BITS, literal, storedTypeOf, TO_HALF, toHalf, typeOf } from "./wgsl.ts";

/** What a binding stands for: a value of the plan, or the buffer a source or target lies in. */
export type Ref =
  | { readonly kind: "value"; readonly node: number }
  | { readonly kind: "temporary"; readonly id: number }
  | ({ readonly kind: "source" | "store" } & InHome)
  | { readonly kind: "flags" };

/** Element `start` of source or target number `index`, in a buffer known by identity. */
export interface InHome {
  readonly index: number;
  readonly home: number;
  readonly start: number;
  /** Where it lies in its buffer, in elements, if every run has it there; else null. */
  readonly fixed: number | null;
  /** Bytes of an element. */
  readonly bytes: number;
  /** Only so many bytes from there on are bound: other launches' parts lie beside them. */
  readonly part: number | null;
}

export interface Binding {
  readonly ref: Ref;
  readonly name: string;
  readonly type: string;
  write: boolean;
}

/** A 32-bit word of a launch's uniforms, filled at every run. */
export type Word =
  | { readonly kind: "scalar"; readonly node: number; readonly dtype: DType }
  | { readonly kind: "base"; readonly ref: Ref };

/** Collects the bindings, uniforms and helpers of one kernel while its text is made. */
export class KernelText {
  readonly bindings: Binding[] = [];
  readonly words: Word[] = [];
  readonly faults: Fault[] = [];
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #helpers = new Map<string, string>();

  /** The array that holds a value, declared when it is first used. */
  array(ref: Ref, dtype: DType, width: 1 | 4, write: boolean): string {
    const element = storedTypeOf(dtype, width);
    const id = refKey(ref);
    let binding = this.bindings.find((b) => refKey(b.ref) === id && b.type === element);
    if (binding === undefined) {
      const name = `b${this.bindings.length}`;
      binding = { ref, name, type: element, write };
      this.bindings.push(binding);
    }
    if (write) binding.write = true;
    return binding.name;
  }

  /** WGSL of element `address` (in elements, a multiple of `width`) of a value. */
  load(ref: Ref, dtype: DType, address: string, width: 1 | 4): string {
    return this.element(ref, dtype, this.pointer(ref, address, width), width);
  }

  /** WGSL of what lies at an array index. */
  element(ref: Ref, dtype: DType, pointer: string, width: 1 | 4): string {
    const element = `${this.array(ref, dtype, width, false)}[${pointer}]`;
    if (dtype === "float16") return `${typeOf(dtype, width)}(${element})`;
    if (dtype !== "bool") return element;
    return `(${element} != ${storedTypeOf("bool", width)}(0u))`;
  }

  store(ref: Ref, dtype: DType, address: string, value: string, width: 1 | 4): string {
    const array = this.array(ref, dtype, width, true);
    const one = storedTypeOf("uint32", width);
    const bits =
      dtype === "bool"
        ? `select(${one}(0u), ${one}(1u), ${value})`
        : dtype === "float16"
          ? toHalf(value, width)
          : value;
    return `${array}[${this.pointer(ref, address, width)}] = ${bits};`;
  }

  /** WGSL of the array index, in units of `width`, of element `address`. */
  pointer(ref: Ref, address: string, width: 1 | 4): string {
    const base = this.#base(ref);
    const element = base === null ? address : `${base} + ${address}`;
    if (width === 1) return element;
    // Not every compiler sees that this is the number of a vector.
    const [, vector] = /^\(*(\w+|\(\w+ (?:\* \d+u )?\+ \d+u\)) \* 4u\)*$/.exec(element) ?? [];
    return vector ?? `(${element}) >> 2u`;
  }

  /** Where a source or target starts in its buffer: a uniform, unless it is always the same. */
  #base(ref: Ref): string | null {
    if ((ref.kind !== "source" && ref.kind !== "store") || ref.part !== null) return null;
    if (ref.fixed !== null) return ref.fixed === 0 ? null : `${ref.fixed}u`;
    return this.#named(`${ref.kind}${ref.index}+${ref.start}`, () =>
      this.#word({ kind: "base", ref }),
    );
  }

  /** The name of a scalar that each run gives. */
  scalar(node: number, dtype: DType): string {
    return this.#named(`scalar${node}`, () => {
      const word = this.#word({ kind: "scalar", node, dtype });
      return dtype === "bool" ? `${word} != 0u` : `bitcast<${typeOf(dtype, 1)}>(${word})`;
    });
  }

  /** The name of a number. Written out, 1 / 0 would be an error: WGSL computes constants itself. */
  constant(value: number, dtype: DType): string {
    const text = literal(value, dtype);
    return this.#named(text, () => text);
  }

  /** A name for what the kernel computes once, before all else. */
  #named(key: string, make: () => string): string {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `given${this.#names.size}`;
      this.#names.set(key, name);
      this.#lines.push(`let ${name} = ${make()};`);
    }
    return name;
  }

  #word(word: Word): string {
    const at = this.words.push(word) - 1;
    return `uniforms[${at >> 2}].${"xyzw"[at & 3]}`;
  }

  /** Declares a helper function once and gives the name to call. */
  use(helper: Helper, lanes: Lanes): string {
    const name = lanes.helper(helper.name);
    if (!this.#helpers.has(name)) this.#helpers.set(name, helper.code(lanes));
    return name;
  }

  /** A statement that flags a fault seen on the device; its message rejects the next await. */
  report(message: string, kind: FaultKind = "index"): string {
    const flags = this.array({ kind: "flags" }, "uint32", 1, true);
    this.faults.push({ kind, message });
    return `${flags}[${this.faults.length - 1}u] = 1u;`;
  }

  /** The whole WGSL module. */
  module(source: KernelSource): string {
    const [x, y, z] = source.workgroupSize;
    const { blocks = 1 } = source;
    let body = `${this.#lines.join("\n")}\n${source.body}`;
    const declared = this.bindings.map(({ name, type, write }, i) => {
      const cut = byBlock(body, name, blocks);
      body = cut ?? body;
      const element = cut === null ? type : `array<${type}, ${blocks}>`;
      const access = write ? "read_write" : "read";
      return `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${element}>;`;
    });
    const size = Math.ceil(this.words.length / 4);
    const uniforms =
      size === 0 ? [] : [`@group(1) @binding(0) var<uniform> uniforms: array<vec4<u32>, ${size}>;`];
    const usesHalf = this.bindings.some((b) => b.type.includes("f16")) || /to_half_/.test(body);
    return [
      ...(/\bsubgroup[A-Z]/.test(body) ? ["enable subgroups;"] : []),
      ...(/\bsubgroupM/.test(body) ? ["enable chromium_experimental_subgroup_matrix;"] : []),
      ...(usesHalf ? ["enable f16;", TO_HALF] : []),
      `// ${source.label}`,
      ...declared,
      ...uniforms,
      ...(/from_bits\(/.test(body + [...this.#helpers.values()]) ? [FROM_BITS] : []),
      ...this.#helpers.values(),
      source.globals ?? "",
      `@compute @workgroup_size(${x}, ${y}, ${z})`,
      "fn main(@builtin(global_invocation_id) gid: vec3<u32>,",
      "  @builtin(local_invocation_id) lid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {",
      body,
      "}",
    ].join("\n");
  }
}

/** A body that names an array's elements by their block, or null where it names others too. */
function byBlock(body: string, array: string, blocks: number): string | null {
  const inBlock = new RegExp(`^\\((\\w+) \\* ${blocks}u \\+ (\\d+u)\\)\\]`);
  const [before, ...uses] = body.split(`${array}[`);
  if (blocks === 1 || !uses.every((use) => inBlock.test(use))) return null;
  return [before, ...uses.map((use) => use.replace(inBlock, "$1][$2]"))].join(`${array}[`);
}

/** Sources and targets in one buffer share a binding; each value of the plan has its own. */
export function refKey(ref: Ref): string {
  switch (ref.kind) {
    case "value":
      return `value${ref.node}`;
    case "temporary":
      return `temporary${ref.id}`;
    case "flags":
      return "flags";
    default:
      return ref.part === null ? `home${ref.home}` : `home${ref.home}+${ref.start}`;
  }
}
