import type { Pack } from "../core/ir.ts";
import type { Graph } from "./graph.ts";
import { addOrder, type Launch, type Schedule } from "./schedule.ts";

/** Where a value lies that kernels write straight to what the run stores. */
export interface Home {
  readonly store: number;
  /** Elements from the start of the target. */
  readonly start: number;
  /** It is one segment of what the run stores there. */
  readonly isPart: boolean;
}

/**
 * Decides which values are written straight to the targets of a run: parameters in place or to
 * their second buffer, gradients to their segments. All others go through the arena and are
 * copied at the end. May add to the order of the launches.
 */
export function placeStores(made: Schedule): ReadonlyMap<number, Home> {
  const placement = new Placement(made);
  placement.place();
  return placement.homes;
}

/** Everything that a launch reads from memory. */
export function readsOf(graph: Graph, launch: Launch): number[] {
  const roots = [...launch.outputs];
  if (launch.anchor >= 0) roots.push(...graph.nodes[launch.anchor].inputs);
  return roots.flatMap((root) => {
    const own = graph.inMemory(root) && !launch.outputs.includes(root);
    return own ? [root] : graph.cone(root).reads.map((r) => r.node);
  });
}

class Placement {
  readonly homes = new Map<number, Home>();
  readonly #schedule: Schedule;

  constructor(made: Schedule) {
    this.#schedule = made;
  }

  /** Values go straight to where the run wants them, when nothing reads what is there later. */
  place(): void {
    const { graph } = this.#schedule;
    graph.program.stores.forEach(({ node, place }, store) => {
      if (!place.direct || this.homes.has(node) || graph.kind(node) === "source") return;
      if (!this.#canWrite(node, store)) return;
      const home = { store, start: 0, isPart: false };
      this.homes.set(node, home);
      if (graph.kind(node) !== "pack") return;
      const { inputs, op, attrs } = graph.nodes[node];
      const offsets = (op.forward as Pack).offsets(attrs);
      inputs.forEach((input, i) => {
        this.homes.set(input, { ...home, start: offsets[i], isPart: true });
      });
    });
  }

  /**
   * Whether the launches behind a stored value may write its target. Others that read the same
   * buffer must come first; the writers may read it only at the very element that they write.
   */
  #canWrite(node: number, store: number): boolean {
    const { graph, launches } = this.#schedule;
    const { place } = graph.program.stores[store];
    const writers = this.#writers(node);
    if (writers.length === 0) return false;
    const inHome = (n: number) => {
      const source = graph.sourceOf.get(n);
      if (source === undefined) return this.#homeOf(n) === place.home;
      return graph.program.homes[source].home === place.home;
    };
    // Nor may a launch that writes beside it in the same buffer read it.
    const beside = launches.filter(
      (l) =>
        !writers.includes(l) && this.#writesTo(l, place.home) && readsOf(graph, l).includes(node),
    );
    if (beside.length > 0 || this.#isCopiedLater(store, inHome)) return false;
    const early: [Launch, Launch][] = [];
    for (const launch of launches) {
      const reads = readsOf(graph, launch).filter(inHome);
      if (reads.length === 0) continue;
      if (!writers.includes(launch)) for (const w of writers) early.push([launch, w]);
      else if (!this.#isInPlace(launch, node, store, inHome)) return false;
    }
    return early.every(([before, after]) => addOrder(before, after));
  }

  /** Another store takes what lies in the target's buffer before the run, by a copy at the end. */
  #isCopiedLater(store: number, inHome: (node: number) => boolean): boolean {
    const { graph } = this.#schedule;
    return graph.program.stores.some(
      ({ node }, other) => other !== store && graph.sourceOf.has(node) && inHome(node),
    );
  }

  /** The buffer of the run in which a computed value was given its place, or -1. */
  #homeOf(node: number): number {
    const home = this.homes.get(node);
    const { stores } = this.#schedule.graph.program;
    return home === undefined ? -1 : stores[home.store].place.home;
  }

  #writesTo(launch: Launch, home: number): boolean {
    return [...launch.outputs, ...launch.results.values()].some((n) => this.#homeOf(n) === home);
  }

  /** Every read of the target's buffer is of the target itself, element by element. */
  #isInPlace(
    launch: Launch,
    node: number,
    store: number,
    inHome: (node: number) => boolean,
  ): boolean {
    const { graph } = this.#schedule;
    const { place } = graph.program.stores[store];
    if (launch.kind !== "pointwise" || graph.kind(node) === "pack") return false;
    return launch.outputs.every((output) =>
      graph.cone(output).reads.every((read) => {
        if (!inHome(read.node)) return true;
        const source = graph.sourceOf.get(read.node);
        const same = source !== undefined && graph.program.homes[source].spot === place.spot;
        return same && graph.isIdentity(read, graph.nodes[output].shape);
      }),
    );
  }

  #writers(node: number): Launch[] {
    const { graph, producer } = this.#schedule;
    const launch = producer.get(node);
    if (launch !== undefined) return [launch];
    if (graph.kind(node) !== "pack") return [];
    return graph.nodes[node].inputs.flatMap((input) => this.#writers(input));
  }
}
