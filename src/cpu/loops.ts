import type { TypedArray } from "../core/dtype.ts";
import type { Pointwise } from "../core/ir.ts";

/** out[at0 + k step0] = f(inputs0[at1 + k step1], …) for k below `length`. */
export type Loop = (
  f: (...args: number[]) => number,
  out: TypedArray,
  inputs: readonly TypedArray[],
  at: readonly number[],
  steps: readonly number[],
  length: number,
) => void;

const loops = new WeakMap<Pointwise, Map<string, Loop>>();
let made = 0;

/**
 * The innermost loop of one op. Each op gets a loop of its own: an engine inlines `f` only where a
 * call site always meets the same function, and a shared loop is six times slower (it boxes each
 * number). Equal source text would share what the engine learnt, hence the number in it.
 */
export function loopFor(forward: Pointwise, arity: number, isBool: boolean): Loop {
  const key = `${arity}${isBool}`;
  let own = loops.get(forward);
  if (own === undefined) {
    own = new Map();
    loops.set(forward, own);
  }
  let loop = own.get(key);
  if (loop === undefined) {
    loop = generated(arity, isBool) ?? (isBool ? plainBool : plain);
    own.set(key, loop);
  }
  return loop;
}

/** Null where a page's security policy forbids making code; only integers go into the text. */
function generated(arity: number, isBool: boolean): Loop | null {
  const each = (text: (i: number) => string) => Array.from({ length: arity }, (_, i) => text(i));
  const call = `f(${each((i) => `x${i}[i${i}]`)})`;
  const text = `"use strict"; /* ${made++} */ return (f, out, inputs, at, steps, length) => {
    const step = steps[0];
    let o = at[0];
    ${each((i) => `const x${i} = inputs[${i}], s${i} = steps[${i + 1}]; let i${i} = at[${i + 1}];`).join("\n")}
    for (let k = 0; k < length; k++) {
      out[o] = ${isBool ? `+${call} === 0 ? 0 : 1` : call};
      o += step; ${each((i) => `i${i} += s${i};`).join(" ")}
    }
  }`;
  try {
    return new Function(text)() as Loop;
  } catch {
    return null;
  }
}

/** The same loop for every op and number of inputs. */
export const plain: Loop = (f, out, inputs, at, steps, length) => {
  const args = inputs.map(() => 0);
  for (let k = 0; k < length; k++) {
    for (let i = 0; i < args.length; i++) args[i] = inputs[i]![at[i + 1]! + k * steps[i + 1]!]!;
    out[at[0]! + k * steps[0]!] = f(...args);
  }
};

/** A typed array wraps and rounds by itself; only a bool must be made 0 or 1 first. */
export const plainBool: Loop = (f, ...rest) =>
  plain((...args) => (Number(f(...args)) === 0 ? 0 : 1), ...rest);
