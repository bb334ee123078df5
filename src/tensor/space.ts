import { unravel } from "../../kernels/indexText.ts";
import type { Shape } from "../core/shape.ts";
import type { Graph } from "./graph.ts";
import { collapse, type Layout } from "./view.ts";

/** The index space a kernel walks: a shape whose neighbouring axes were merged where possible. */
export interface Space {
  readonly shape: Shape;
  readonly groups: readonly (readonly number[])[];
  /** Size of each group. */
  readonly sizes: readonly number[];
}

/** Merges axes that every layout walks alike; never across `borders` (true: starts a new group). */
export function spaceOf(
  shape: Shape,
  layouts: readonly Layout[],
  border: (axis: number, before: number) => boolean = () => false,
): Space {
  const masked = (d: number) =>
    layouts.some(({ mask }) => mask !== null && (mask[d][0] !== 0 || mask[d][1] !== shape[d]));
  const groups = collapse(
    shape,
    [...layouts.map((l) => l.strides)],
    (d, before) => border(d, before) || masked(d),
    masked,
  );
  return { shape, groups, sizes: groups.map((g) => g.reduce((n, d) => n * shape[d], 1)) };
}

/** The space of a domain that is walked axis by axis, as a kernel's own indices do. */
export const plainSpace = (shape: Shape): Space => ({
  shape,
  groups: shape.map((_, d) => [d]),
  sizes: shape,
});

function scaled(index: string, stride: number): string | null {
  if (stride === 0 || index === "0u") return null;
  return stride === 1 ? index : `${index} * ${stride >>> 0}u`;
}

/**
 * WGSL of the element at these indices of a layout. Unsigned arithmetic wraps, so negative strides
 * are right.
 * @param name gives an expression a name, where a layout lies under another one
 */
export function addressOf(
  layout: Layout,
  indices: readonly string[],
  name: (text: string) => string = (text) => text,
): string {
  const terms = layout.strides.map((s, d) => scaled(indices[d], s)).filter((t) => t !== null);
  if (layout.offset !== 0) terms.push(`${layout.offset >>> 0}u`);
  const top = terms.length === 0 ? "0u" : terms.length === 1 ? terms[0] : `(${terms.join(" + ")})`;
  if (layout.under === null) return top;
  return addressOf(layout.under, unravel(name(top), layout.under.shape), name);
}

/** A layout over a shape as one over its merged axes. */
export function regroup(layout: Layout, space: Space): Layout {
  const last = space.groups.map((g) => g[g.length - 1]);
  const { mask } = layout;
  return {
    ...layout,
    shape: space.sizes,
    strides: last.map((d) => layout.strides[d]),
    mask:
      mask === null
        ? null
        : last.map((d, i) => (space.groups[i].length > 1 ? [0, space.sizes[i]] : mask[d])),
  };
}

/** Whether values through these layouts can be read four neighbours at a time. */
export function canBeWide(layouts: readonly Layout[], space: Space): boolean {
  const last = space.sizes.at(-1);
  if (last === undefined || last % 4 !== 0) return false;
  return layouts.every((layout) => isWide(regroup(layout, space)));
}

function isWide({ strides, offset, mask, under }: Layout): boolean {
  const step = strides.at(-1);
  if (under !== null) return false;
  const edge = mask?.at(-1);
  if (edge !== undefined && (edge[0] % 4 !== 0 || edge[1] % 4 !== 0)) return false;
  if (step === 0) return true;
  return step === 1 && offset % 4 === 0 && strides.slice(0, -1).every((s) => s % 4 === 0);
}

/** Layouts of everything an expression reads or compares indices with, seen from a domain. */
export function layoutsOf(graph: Graph, node: number, path: number, expand: boolean): Layout[] {
  const found: Layout[] = [];
  const seen = new Set<string>();
  const visit = (n: number, p: number, open: boolean): void => {
    const key = `${n}.${p}`;
    if (seen.has(key)) return;
    seen.add(key);
    const kind = graph.kind(n);
    const { shape, inputs } = graph.nodes[n];
    const reads = graph.inMemory(n) && !open;
    if (reads || kind === "iota") found.push(graph.paths.layout(p, shape));
    if (reads || !graph.isExpression(n)) return;
    for (const input of inputs) {
      const below = graph.below(n, input, p);
      const pads = kind === "view" && graph.stepOf(n).type === "pad";
      if (pads) found.push(graph.paths.layout(below, graph.nodes[input].shape));
      visit(input, below, false);
    }
  };
  visit(node, path, expand);
  return found;
}
