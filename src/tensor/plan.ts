import { bytesFor, bytesOf } from "../core/dtype.ts";
import type { Fault } from "../core/errors.ts";
import type { KernelSource, Pack, Program, Target } from "../core/ir.ts";
import { sizeOf } from "../core/shape.ts";
import type {
  BindingSpec,
  CopyPlace,
  CopySpec,
  LaunchSpec,
  PlanSpec,
  UniformWord,
} from "../gpu/spec.ts";
import { Arena, type Span, type Wish } from "./arena.ts";
import { generate, type Stage } from "./codegen.ts";
import { type Copy, orderCopies } from "./copies.ts";
import { inOrder, type Launch, type Schedule, schedule } from "./schedule.ts";
import { type Home, placeStores, readsOf } from "./stores.ts";
import type { KernelText, Ref } from "./text.ts";

/** Bindings start at multiples of 256 bytes. */
const FLAGS_PER_BINDING = 64;

/** Plans a program for the GPU: schedules it, generates its kernels, fixes every address. */
export function plan(program: Program, target: Target): PlanSpec {
  return new Planner(schedule(program, target), target).plan();
}

class Planner {
  readonly #schedule: Schedule;
  readonly #target: Target;
  /** Which values lie in the run's own targets. */
  readonly #homes: ReadonlyMap<number, Home>;
  #spans: ReadonlyMap<string, Span> = new Map();
  readonly #kept = new Set<number>();
  readonly #bytes = new Map<Stage, number>();
  #temporaries = 0;

  constructor(made: Schedule, target: Target) {
    this.#schedule = made;
    this.#target = target;
    this.#homes = placeStores(made);
  }

  plan(): PlanSpec {
    const { graph } = this.#schedule;
    this.#keepWhatIsRead();
    const launches = inOrder(this.#schedule.launches).filter((l) => !this.#isEmpty(l));
    const stages = launches.flatMap((launch) => {
      const site = {
        graph,
        target: this.#target,
        locate: (node: number) => this.#locate(node),
        isKept: (node: number) => this.#kept.has(node),
        nextTemporary: () => this.#temporaries++,
      };
      const stages = generate(launch, site);
      this.#count(launch, stages);
      return stages;
    });
    const arena = this.#placeValues(stages);
    this.#spans = arena.spans;
    const faults: (Fault | null)[] = [];
    const uniforms: UniformWord[] = [];
    const stride = uniformStride(stages);
    const specs = stages.map((s, i) => this.#launchSpec(s, i, stride, uniforms, faults));
    const copies = this.#copies(arena.sizes);
    return {
      launches: specs,
      banks: arena.sizes,
      uniformStride: stride,
      uniforms,
      copies,
      faults,
      sources: graph.program.sources.length,
      targets: graph.program.stores.length,
    };
  }

  #isEmpty(launch: Launch): boolean {
    const { graph } = this.#schedule;
    const nodes = [...launch.results.values(), ...launch.outputs];
    return nodes.every((node) => sizeOf(graph.nodes[node].shape) === 0);
  }

  /** What each stage reads and writes: the first all inputs, the last all results. */
  #count(launch: Launch, stages: readonly Stage[]): void {
    const made = [...launch.results.values(), ...launch.outputs].filter((n) => this.#kept.has(n));
    const sum = (nodes: readonly number[]) =>
      [...new Set(nodes)].reduce((bytes, node) => bytes + this.#sizeOf(node), 0);
    const { graph, producer } = this.#schedule;
    const read = readsOf(graph, launch).filter((node) => producer.get(node) !== launch);
    const [first, second] = stages;
    const between = first.temporary === undefined ? 0 : first.temporary.size * 4;
    this.#bytes.set(first, sum(read) + between);
    const last = second ?? first;
    this.#bytes.set(last, (this.#bytes.get(last) ?? between) + sum(made));
  }

  /** A value that only its own launch uses stays in registers. */
  #keepWhatIsRead(): void {
    const { graph, launches, producer } = this.#schedule;
    for (const { node } of graph.program.stores) this.#keep(node);
    for (const node of graph.placed.keys()) this.#kept.add(node);
    for (const launch of launches) {
      for (const node of readsOf(graph, launch))
        if (producer.get(node) !== launch) this.#keep(node);
    }
  }

  #keep(node: number): void {
    const { graph } = this.#schedule;
    this.#kept.add(node);
    if (graph.kind(node) === "pack")
      for (const input of graph.nodes[node].inputs) this.#keep(input);
  }

  /** The place of a value in memory; a placed one lies inside its pack. */
  #locate(node: number): Ref {
    const { graph } = this.#schedule;
    const bytes = bytesOf(graph.nodes[node].dtype);
    const source = graph.sourceOf.get(node);
    if (source !== undefined) {
      const { home, start: at } = graph.program.homes[source];
      const fixed = at === null ? null : at / bytes;
      return { kind: "source", index: source, home, start: 0, fixed, bytes, part: null };
    }
    const home = this.#homes.get(node);
    if (home !== undefined) {
      const { place } = graph.program.stores[home.store];
      const part = home.isPart ? this.#sizeOf(node, 1) : null;
      const { start } = home;
      const fixed = place.start === null ? null : place.start / bytes + start;
      return { kind: "store", index: home.store, home: place.home, start, fixed, bytes, part };
    }
    return { kind: "value", node };
  }

  /** Arena places for values and scratch memory, from the stage that writes to the last reader. */
  #placeValues(stages: readonly Stage[]): Arena {
    const wishes = new Map<string, Wish>();
    stages.forEach((stage, now) => {
      const keys = stage.text.bindings.map(({ ref }) => this.#spanKey(ref));
      stage.text.bindings.forEach(({ ref, write }, i) => {
        if (keys[i] === "") return;
        // A value that nothing wrote before it is read has no elements, but is bound all the same.
        const wish = wishes.get(keys[i]) ?? {
          bytes: this.#bytesOf(ref, stage),
          from: now,
          until: now,
          apart: new Set(),
        };
        wishes.set(keys[i], wish);
        wish.until = now;
        stage.text.bindings.forEach((other, k) => {
          if (other.write !== write) wish.apart.add(keys[k]);
        });
      });
    });
    for (const { node } of this.#schedule.graph.program.stores) {
      const wish = wishes.get(this.#spanKey({ kind: "value", node }));
      if (wish !== undefined) wish.until = stages.length;
    }
    return new Arena(wishes, this.#target.maxBufferBytes);
  }

  /** Values inside a pack share the pack's span. */
  #spanKey(ref: Ref): string {
    if (ref.kind === "temporary") return `t${ref.id}`;
    if (ref.kind !== "value") return "";
    const pack = this.#packOf(ref.node);
    return `v${pack?.node ?? ref.node}`;
  }

  #packOf(node: number): { node: number; start: number } | null {
    const { graph } = this.#schedule;
    const pack = graph.placed.get(node);
    if (pack === undefined) return null;
    const { op, attrs, inputs } = graph.nodes[pack];
    return { node: pack, start: (op.forward as Pack).offsets(attrs)[inputs.indexOf(node)] };
  }

  #bytesOf(ref: Ref, stage: Stage): number {
    // Partial results are as wide as what is computed with.
    if (ref.kind === "temporary") return bytesFor(stage.temporary?.size ?? 0, "float32");
    if (ref.kind !== "value") return 0;
    return this.#sizeOf(this.#packOf(ref.node)?.node ?? ref.node);
  }

  /** Bytes of a node's value; a binding covers at least one element. */
  #sizeOf(node: number, least = 0): number {
    const { shape, dtype } = this.#schedule.graph.nodes[node];
    return bytesFor(Math.max(sizeOf(shape), least), dtype);
  }

  /** Where a value begins in what holds it. */
  #startOf(span: Span, start: number, node: number): number {
    return span.offset + start * bytesOf(this.#schedule.graph.nodes[node].dtype);
  }

  #launchSpec(
    stage: Stage,
    index: number,
    stride: number,
    uniforms: UniformWord[],
    faults: (Fault | null)[],
  ): LaunchSpec {
    const { text, source } = stage;
    // Each launch counts its own flags from 0: its part begins where a binding may begin.
    while (text.faults.length > 0 && faults.length % FLAGS_PER_BINDING !== 0) faults.push(null);
    const flags = faults.length * 4;
    faults.push(...text.faults);
    const { graph } = this.#schedule;
    text.words.forEach((word, i) => {
      const at = (index * stride) / 4 + i;
      if (word.kind === "scalar") {
        const scalar = graph.program.scalars.indexOf(word.node);
        uniforms.push({ at, kind: "scalar", index: scalar, dtype: word.dtype });
      } else if (word.ref.kind === "source" || word.ref.kind === "store") {
        const kind = word.ref.kind === "source" ? "source" : "target";
        const { index, start, bytes } = word.ref;
        uniforms.push({ at, kind, index, start, bytes });
      }
    });
    return {
      label: source.label,
      ...textOf(text, source),
      quick: source.quick && textOf(text, source.quick),
      flops: source.flops ?? 0,
      bytes: this.#bytes.get(stage) ?? 0,
      choices: stage.choices,
      bindings: text.bindings.map(({ ref, write }) => this.#bindingSpec(ref, write, flags)),
      uniformOffset: text.words.length === 0 ? -1 : index * stride,
    };
  }

  #bindingSpec(ref: Ref, write: boolean, flags: number): BindingSpec {
    if (ref.kind === "flags") return { kind: "flags", offset: flags, write };
    if (ref.kind === "source" || ref.kind === "store") {
      const kind = ref.kind === "source" ? "source" : "target";
      const part = ref.part === null ? null : { offset: ref.start * ref.bytes, size: ref.part };
      return { kind, index: ref.index, part, write };
    }
    const span = this.#spans.get(this.#spanKey(ref))!;
    const part = ref.kind === "value" ? this.#packOf(ref.node) : null;
    if (part === null) return { kind: "bank", ...span, write };
    const { node } = ref as { node: number };
    const offset = this.#startOf(span, part.start, node);
    return { kind: "bank", bank: span.bank, offset, size: this.#sizeOf(node, 1), write };
  }

  /** What was not written in place is copied to its target at the end. */
  #copies(banks: number[]): CopySpec[] {
    const { program } = this.#schedule.graph;
    const wanted = program.stores.flatMap(({ node }, target): Copy[] => {
      const bytes = this.#sizeOf(node);
      if (bytes === 0 || this.#homes.get(node)?.store === target) return [];
      return [{ from: this.#placeOf(node), target, bytes }];
    });
    return orderCopies(program, wanted, banks);
  }

  /** Where a value lies when the launches have run. */
  #placeOf(node: number): CopyPlace {
    const ref = this.#locate(node);
    if (ref.kind === "source" || ref.kind === "store") {
      const kind = ref.kind === "source" ? "source" : "target";
      return { kind, index: ref.index, offset: ref.start * ref.bytes };
    }
    const span = this.#spans.get(this.#spanKey(ref))!;
    const start = this.#packOf(node)?.start ?? 0;
    return { kind: "bank", bank: span.bank, offset: this.#startOf(span, start, node) };
  }
}

const textOf = (text: KernelText, source: KernelSource) => ({
  code: text.module(source),
  workgroups: source.workgroups,
});

/** Bytes of uniforms per launch, a multiple of the offset alignment that every device allows. */
function uniformStride(stages: readonly Stage[]): number {
  const words = Math.max(0, ...stages.map((s) => s.text.words.length));
  return Math.ceil((words * 4) / 256) * 256;
}
