import { type DType, type Shape, ValueError } from "../../src/index.ts";
import { asNumber, isObject, type Json } from "./golden.ts";

/** How far a result may lie from the expected one: absolute + relative · |expected|. */
export interface Bound {
  readonly absolute: number;
  readonly relative: number;
}

/** The one place where tolerances are widened: PyTorch's own float32 error times this. */
const FACTOR = 10;
/** Trajectories are compared no closer than float32 can hold their steps. */
const TRAJECTORY_FLOOR = 1e-6;

export const EXACT: Bound = { absolute: 0, relative: 0 };
/** Where a suite gives no tolerance: the floor of the others. */
export const DEFAULT: Bound = { absolute: FACTOR * 1e-6, relative: FACTOR * 1e-5 };

/** The bound that a case's `tol` means. @throws ValueError when it is no tolerance */
export function boundOf(tol: Json | undefined): Bound {
  if (tol === undefined) return DEFAULT;
  const [atol, rtol] = isObject(tol) ? [asNumber(tol.atol), asNumber(tol.rtol)] : [null, null];
  if (atol !== null && rtol !== null) return { absolute: FACTOR * atol, relative: FACTOR * rtol };
  throw new ValueError(
    `oracle: a tolerance has atol and rtol; got ${JSON.stringify(tol)}. Mend the case.`,
  );
}

/** The bound of a trajectory, from what float32 alone cost PyTorch. */
export const trajectoryBound = (difference: number): Bound => ({
  absolute: Math.max(FACTOR * difference, TRAJECTORY_FLOOR),
  relative: 0,
});

export interface Values {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  readonly dtype: DType;
}

const kind = (dtype: DType): string =>
  dtype === "float32" ? "float" : dtype === "bool" ? "bool" : "integer";

const sameForm = (got: Values, expected: Values): string | null => {
  const shapes = [got.shape, expected.shape].map((s) => `[${s.join(", ")}]`);
  if (shapes[0] !== shapes[1]) return `shape ${shapes[0]} instead of ${shapes[1]}`;
  const kinds = [kind(got.dtype), kind(expected.dtype)];
  return kinds[0] === kinds[1] ? null : `dtype ${got.dtype} instead of ${expected.dtype}`;
};

/** Distance beyond the bound in units of it; 0 for equal numbers, and NaN equals NaN. */
function excess(got: number, expected: number, { absolute, relative }: Bound): number {
  if (Object.is(got, expected) || got === expected) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(expected)) return Number.POSITIVE_INFINITY;
  const bound = absolute + relative * Math.abs(expected);
  return bound === 0 ? Number.POSITIVE_INFINITY : Math.abs(got - expected) / bound;
}

/** What differs most, as a line; null when all is within the bound. Integers must be equal. */
export function difference(
  what: string,
  got: Values,
  expected: Values,
  bound: Bound,
): string | null {
  const form = sameForm(got, expected);
  if (form !== null) return `${what}: ${form}`;
  const used = expected.dtype === "float32" ? bound : EXACT;
  let worst = 1;
  let at = -1;
  let wrong = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const far = excess(got.data[i]!, expected.data[i]!, used);
    if (far <= 1) continue;
    wrong++;
    if (far > worst) [worst, at] = [far, i];
  }
  if (at < 0) return null;
  const value = expected.data[at]!;
  const limit = used.absolute + used.relative * Math.abs(value);
  return (
    `${what}: element ${at} expected ${value}, got ${got.data[at]}, ` +
    `bound ${limit.toExponential(1)} (${wrong} of ${expected.data.length} differ)`
  );
}
