import type { Attrs } from "../../src/core/ir.ts";

/** What the last input says of each pair of a query and a key. */
export type Extra =
  | "none"
  /** bool: true where the query may attend to the key. */
  | "allowed"
  /** bool: true where it may not. */
  | "blocked"
  /** float: added to the score. */
  | "bias"
  /** float: multiplies the weight; negative where the query may not attend. */
  | "factor";

export interface AttentionAttrs extends Attrs {
  readonly scale: number;
  /** Query i attends to keys 0 … i only. */
  readonly causal: boolean;
  readonly extra: Extra;
  /** The axis of q, k and v along which queries and keys lie. */
  readonly rows: number;
  /** One input [..., 3, H, E] holds q, k and v, which lack the axis of three. */
  readonly packed: boolean;
}

/**
 * `problems` independent attentions: q [L, E], k [S, E] and v [S, Ev] each. All axes of q but the
 * rows' and the last one count problems.
 */
export interface AttentionShape {
  readonly problems: readonly number[];
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly valueWidth: number;
}

type Sizes = readonly number[];

/** The shapes of q, k and v among those of the inputs. */
export function partShapes(shapes: readonly Sizes[], { packed }: AttentionAttrs): Sizes[] {
  if (!packed) return shapes.slice(0, 3);
  const part = shapes[0]!.toSpliced(-3, 1);
  return [part, part, part];
}

export function attentionShape(shapes: readonly Sizes[], attrs: AttentionAttrs): AttentionShape {
  const [q, k, v] = partShapes(shapes, attrs) as [Sizes, Sizes, Sizes];
  const { rows } = attrs;
  return {
    problems: q.slice(0, -1).toSpliced(rows, 1),
    queries: q[rows]!,
    keys: k[rows]!,
    width: q.at(-1)!,
    valueWidth: v.at(-1)!,
  };
}

/** A shape with the rows of one problem put back among the axes that count problems. */
export const withRows = (problems: Sizes, rows: number, count: number, width: number): number[] => [
  ...problems.toSpliced(rows, 0, count),
  width,
];

export const problemCount = ({ problems }: AttentionShape): number =>
  problems.reduce((a, b) => a * b, 1);
