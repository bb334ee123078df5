import type { TypedArray } from "../core/dtype.ts";
import { CompileError } from "../core/errors.ts";
import type { Executable, Program, ViewStep } from "../core/ir.ts";
import { currentEpoch, type Node, nextEpoch, type Storage } from "../core/node.ts";
import { sizeOf } from "../core/shape.ts";
import { collect, type Root, storageOf, toProgram } from "./collect.ts";
import type { Device } from "./device.ts";
import { pendingOf } from "./pending.ts";
import { recorder, refuseTracing } from "./recorder.ts";
import { applyStep, contiguous, isRun } from "./view.ts";

/**
 * Pending chains longer than this are computed by themselves; so are shorter ones that several
 * plans have left pending. A fixed length gives the same plan each time, whatever ran between.
 */
const LONGEST_CHAIN = 2000;
const OLD_CHAIN = { length: 64, plans: 8 };

/** Plans of recorded graphs that a device keeps, each with an arena; the least used one goes. */
const MOST_PLANS = 64;

const executables = new WeakMap<Device, Map<string, Executable>>();

/** The program of this structure, made ready for the device; made once while it is in use. */
function executableFor(device: Device, key: string, program: () => Program): Executable {
  let cache = executables.get(device);
  if (cache === undefined) {
    cache = new Map();
    executables.set(device, cache);
  }
  let executable = cache.get(key);
  if (executable === undefined) executable = device.load(program());
  else cache.delete(key);
  // The order of a Map is that of insertion: what was used last stands last.
  cache.set(key, executable);
  if (cache.size > MOST_PLANS) {
    const [oldest] = cache.keys();
    cache.get(oldest)?.free();
    cache.delete(oldest);
  }
  return executable;
}

/**
 * Enqueues everything pending on the device, and the values of `nodes`, as one plan. Variables
 * have their new value afterwards; the nodes have storages.
 * `into` are values that go to memory of the caller's; their nodes stay pending.
 */
export function realize(device: Device, nodes: readonly Node[], into: readonly Root[] = []): void {
  const pending = pendingOf(device);
  const flats = [...pending.flats];
  const kept = unique([...pending.exports, ...nodes]);
  const roots: Root[] = [...flats.flatMap((flat) => flat.roots(false)), ...into];
  for (const node of kept) roots.push(exportRoot(device, node));
  pending.exports = [];
  if (roots.length === 0) return;
  const found = collect(roots);
  const executable = executableFor(device, `${found.key}@${found.places}`, () =>
    toProgram(found, roots),
  );
  executable.run({
    sources: found.sources.map(storageOf),
    scalars: found.scalars.map((n) => n.value),
    targets: roots.map((r) => r.target),
  });
  nextEpoch();
  for (const flat of flats) flat.stored(false);
  const exports = roots.slice(roots.length - kept.length);
  // In order of recording, so that a node knows whether what it is built from was released.
  for (const { node, target } of exports.sort((a, b) => a.node.serial - b.node.serial)) {
    node.realize(target);
  }
}

function unique(nodes: readonly Node[]): Node[] {
  return [...new Set(nodes)].filter((n) => n.storage === null);
}

/** Memory for a value that outlives its plan. */
export function exportRoot(device: Device, node: Node): Root {
  const target = device.allocate(sizeOf(node.shape), node.dtype, "result");
  return { node, target, direct: device.writesDirectly(target) };
}

/** Enqueues what is pending; resolves when few enough runs are in flight. */
export function flushPending(device: Device): Promise<void> {
  realize(device, []);
  return device.settle() ?? Promise.resolve();
}

/** The value of a node: runs what is pending, then reads it back. */
export async function readNode(node: Node): Promise<TypedArray> {
  if (recorder.capture !== null) refuseInside("reading a tensor");
  refuseTracing("a tensor is read");
  const device = node.device as Device;
  const storage = storedView(node) ?? realizedStorage(device, node);
  const data = await device.read(storage, sizeOf(node.shape), node.dtype);
  await device.check();
  return data;
}

function realizedStorage(device: Device, node: Node): Storage {
  if (node.storage === null) realize(device, [node]);
  return storageOf(node);
}

/** A view that is one run of a computed value's elements is read where it lies. */
function storedView(node: Node): Storage | null {
  const steps: ViewStep[] = [];
  let base = node;
  while (base.storage === null && base.op.forward.kind === "view") {
    steps.push(base.op.forward.step(base.attrs, base.inputs[0].shape, base.shape));
    base = base.inputs[0];
  }
  if (base.storage === null || steps.length === 0) return null;
  const layout = steps.reverse().reduce(applyStep, contiguous(base.shape));
  if (!isRun(layout)) return null;
  const size = sizeOf(node.shape);
  // No elements lie anywhere: where they would begin may be outside.
  return (node.device as Device).segment(storageOf(base), size === 0 ? 0 : layout.offset, size);
}

/** Computes a chain that grows without being asked for, so that memory stays flat. */
export function watchChains(node: Node): void {
  const isOld = node.depth >= OLD_CHAIN.length && currentEpoch() - node.since >= OLD_CHAIN.plans;
  if (node.depth < LONGEST_CHAIN && !isOld) return;
  if (recorder.capture !== null || node.inputs.length === 0) return;
  realize(node.device as Device, [node]);
}

recorder.onLongChain = watchChains;

export function refuseInside(what: string): never {
  throw new CompileError(
    `compile: ${what} inside a compiled function, which only records. ` +
      "Return the tensor from the function and read it after the call.",
  );
}
