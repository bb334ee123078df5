import { DeviceError } from "../core/errors.ts";
import type { Place, Program, ProgramNode } from "../core/ir.ts";
import type { Node, Storage } from "../core/node.ts";
import { show } from "../core/shape.ts";
import { placesOf, withPlaces } from "./places.ts";

/** A node to compute and the memory that its value goes to. */
export interface Root {
  readonly node: Node;
  readonly target: Storage;
  /** Kernels may write the target themselves; else it is copied there at the end. */
  readonly direct: boolean;
}

/** A pending graph in a fixed order: what differs from step to step is apart from its key. */
export interface Collected {
  /** Equal keys mean equal structure: ops, attributes, shapes. */
  readonly key: string;
  /** Equal ones mean that the same sources and targets share memory. */
  readonly places: string;
  readonly order: readonly Node[];
  readonly sources: readonly Node[];
  readonly scalars: readonly Node[];
}

let visits = 0;

/** Lists what the roots need, inputs first, in an order that depends on structure alone. */
export function collect(roots: readonly Root[]): Collected {
  const visit = ++visits;
  const order: Node[] = [];
  const sources: Node[] = [];
  const scalars: Node[] = [];
  let key = "";
  const finish = (node: Node): void => {
    node.index = order.length;
    order.push(node);
    const { kind } = node.op.forward;
    if (node.storage !== null || kind === "source") {
      sources.push(node);
      key += `S${node.dtype}[${node.shape}];`;
    } else if (kind === "scalar") {
      scalars.push(node);
      key += `N${node.dtype};`;
    } else {
      key += `${node.pass === null ? "" : "p"}${node.op.id}:${node.key}(`;
      for (const input of node.inputs) key += `${input.index},`;
      key += kind === "iota" || kind === "constant" ? `${node.dtype}[${node.shape}]);` : ");";
    }
  };
  for (const root of roots) walk(root.node, visit, finish);
  for (const { node, direct } of roots) key += `>${node.index}${direct ? "d" : "c"};`;
  const places = placesOf(sources.map(storageOf), roots);
  return { key, places, order, sources, scalars };
}

/** Depth first without recursion: graphs are as deep as a user's loop is long. */
function walk(root: Node, visit: number, finish: (node: Node) => void): void {
  if (root.visit === visit) return;
  root.visit = visit;
  const stack: Node[] = [root];
  const next: number[] = [0];
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    const at = next[next.length - 1]++;
    const input = node.storage === null ? node.inputs[at] : undefined;
    if (input === undefined) {
      finish(node);
      stack.pop();
      next.pop();
    } else if (input.visit !== visit) {
      input.visit = visit;
      stack.push(input);
      next.push(0);
    }
  }
}

/** The storage of a computed node, when it can still be read. @throws DeviceError if not. */
export function storageOf(node: Node): Storage {
  const { storage } = node;
  if (storage === null) {
    throw new DeviceError(
      `${node.op.name}: a tensor without data; got ${show(node.shape)}. ` +
        "Make tensors with tensor(), zeros() and the like.",
    );
  }
  if (storage.stale !== null) throw new DeviceError(storage.stale);
  return storage;
}

/** The graph without its values, merged where equal, in order of recording: done once a plan. */
export function toProgram(collected: Collected, roots: readonly Root[]): Program {
  const { order, sources, scalars } = collected;
  const sorted = [...order].sort((a, b) => a.serial - b.serial);
  const indexOf = new Map<Node, number>();
  const merged = new Map<string, number>();
  const passes = new Map<object, number>();
  const nodes: ProgramNode[] = [];
  for (const node of sorted) {
    if (node.pass !== null && !passes.has(node.pass)) passes.set(node.pass, nodes.length);
    const notBefore = node.pass === null ? 0 : passes.get(node.pass)!;
    const inputs = node.storage === null ? node.inputs.map((i) => indexOf.get(i)!) : [];
    const isLeaf = node.storage !== null || ["source", "scalar"].includes(node.op.forward.kind);
    const key = `${node.op.id}:${node.key}(${inputs})${node.dtype}[${node.shape}]${notBefore}`;
    const same = isLeaf ? undefined : merged.get(key);
    if (same !== undefined) {
      indexOf.set(node, same);
      continue;
    }
    const op = node.storage === null ? node.op : SOURCE_OP;
    indexOf.set(
      node,
      nodes.push({ ...specOf(node), op, attrs: node.attrs, inputs, notBefore }) - 1,
    );
    if (!isLeaf) merged.set(key, nodes.length - 1);
  }
  const unplaced: Place = { home: 0, spot: 0, direct: true, start: null };
  const program: Program = {
    nodes,
    sources: sources.map((n) => indexOf.get(n)!),
    homes: sources.map(() => unplaced),
    scalars: scalars.map((n) => indexOf.get(n)!),
    stores: roots.map(({ node, direct }) => ({
      node: indexOf.get(node)!,
      place: { ...unplaced, direct },
    })),
  };
  const targets = roots.map((r) => r.target);
  return withPlaces(program, sources.map(storageOf), targets, () => false);
}

const specOf = (node: Node) => ({ shape: node.shape, dtype: node.dtype });
const SOURCE_OP = { id: -1, name: "source", forward: { kind: "source" } } as const;
