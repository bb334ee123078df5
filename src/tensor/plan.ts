import { BYTES } from "../core/dtype.ts";
import type { Pack, Program, Target } from "../core/ir.ts";
import { sizeOf } from "../core/shape.ts";
import type { BindingSpec, CopySpec, LaunchSpec, PlanSpec, UniformWord } from "../gpu/spec.ts";
import { Arena, type Span } from "./arena.ts";
import { generate, type Stage } from "./codegen.ts";
import { inOrder, type Launch, type Schedule, schedule } from "./schedule.ts";
import { type Home, placeStores, readsOf } from "./stores.ts";
import type { Ref } from "./text.ts";

/** Plans a program for the GPU: schedules it, generates its kernels, fixes every address. */
export function plan(program: Program, target: Target): PlanSpec {
  return new Planner(schedule(program, target), target).plan();
}

class Planner {
  readonly #schedule: Schedule;
  readonly #target: Target;
  /** Which values lie in the run's own targets. */
  readonly #homes: ReadonlyMap<number, Home>;
  readonly #spans = new Map<string, Span>();
  readonly #kept = new Set<number>();
  readonly #copies: CopySpec[] = [];
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
      return generate(launch, site);
    });
    const arena = this.#placeValues(stages);
    const faults: string[] = [];
    const uniforms: UniformWord[] = [];
    const stride = uniformStride(stages);
    const specs = stages.map((s, i) => this.#launchSpec(s, i, stride, uniforms, faults));
    this.#copyStores();
    return {
      launches: specs,
      banks: arena.sizes,
      uniformStride: stride,
      uniforms,
      copies: this.#copies,
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
    const source = graph.sourceOf.get(node);
    if (source !== undefined) {
      const { home } = graph.program.homes[source];
      return { kind: "source", index: source, home, start: 0, part: null };
    }
    const home = this.#homes.get(node);
    if (home !== undefined) {
      const { place } = graph.program.stores[home.store];
      const part = home.isPart ? Math.max(sizeOf(graph.nodes[node].shape), 1) : null;
      return { kind: "store", index: home.store, home: place.home, start: home.start, part };
    }
    return { kind: "value", node };
  }

  /** Arena places for values and scratch memory, from the stage that writes to the last reader. */
  #placeValues(stages: readonly Stage[]): Arena {
    const arena = new Arena(this.#target.maxBufferBytes);
    const uses = this.#uses(stages);
    stages.forEach((stage, now) => {
      for (const { ref } of stage.text.bindings) {
        const key = this.#spanKey(ref);
        // A value that nothing wrote before it is read has no elements, but is bound all the same.
        if (key === "" || this.#spans.has(key)) continue;
        const { until, apart } = uses.get(key)!;
        const avoid = new Set([...apart].map((k) => this.#spans.get(k)?.bank ?? -1));
        this.#spans.set(key, arena.place(this.#bytesOf(ref, stage), now, until, avoid));
      }
    });
    return arena;
  }

  /** Until which stage each value is used, and which values may not lie in its bank. */
  #uses(stages: readonly Stage[]): Map<string, { until: number; apart: Set<string> }> {
    const uses = new Map<string, { until: number; apart: Set<string> }>();
    const use = (key: string) => {
      const known = uses.get(key) ?? { until: 0, apart: new Set<string>() };
      uses.set(key, known);
      return known;
    };
    stages.forEach(({ text }, now) => {
      for (const { ref, write } of text.bindings) {
        const own = use(this.#spanKey(ref));
        own.until = now;
        // A launch may not read a bank that it writes, whichever of the two is placed first.
        for (const other of text.bindings) {
          if (other.write !== write) own.apart.add(this.#spanKey(other.ref));
        }
      }
    });
    for (const { node } of this.#schedule.graph.program.stores) {
      use(this.#spanKey({ kind: "value", node })).until = stages.length;
    }
    return uses;
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
    if (ref.kind === "temporary") return (stage.temporary?.size ?? 0) * BYTES;
    if (ref.kind !== "value") return 0;
    const { graph } = this.#schedule;
    return sizeOf(graph.nodes[this.#packOf(ref.node)?.node ?? ref.node].shape) * BYTES;
  }

  #launchSpec(
    stage: Stage,
    index: number,
    stride: number,
    uniforms: UniformWord[],
    faults: string[],
  ): LaunchSpec {
    const { text, source } = stage;
    faults.push(...text.messages);
    const { graph } = this.#schedule;
    text.words.forEach((word, i) => {
      const at = (index * stride) / 4 + i;
      if (word.kind === "scalar") {
        const scalar = graph.program.scalars.indexOf(word.node);
        uniforms.push({ at, kind: "scalar", index: scalar, dtype: word.dtype });
      } else if (word.ref.kind === "source" || word.ref.kind === "store") {
        const kind = word.ref.kind === "source" ? "source" : "target";
        uniforms.push({ at, kind, index: word.ref.index, start: word.ref.start });
      }
    });
    return {
      label: source.label,
      code: text.module(source),
      workgroups: source.workgroups,
      bindings: text.bindings.map(({ ref, write }) => this.#bindingSpec(ref, write)),
      uniformOffset: text.words.length === 0 ? -1 : index * stride,
    };
  }

  #bindingSpec(ref: Ref, write: boolean): BindingSpec {
    if (ref.kind === "flags") return { kind: "flags", write };
    if (ref.kind === "source" || ref.kind === "store") {
      const kind = ref.kind === "source" ? "source" : "target";
      const part = ref.part === null ? null : { offset: ref.start * BYTES, size: ref.part * BYTES };
      return { kind, index: ref.index, part, write };
    }
    const span = this.#spans.get(this.#spanKey(ref))!;
    const part = ref.kind === "value" ? this.#packOf(ref.node) : null;
    if (part === null) return { kind: "bank", ...span, write };
    const { shape } = this.#schedule.graph.nodes[(ref as { node: number }).node];
    const size = Math.max(sizeOf(shape), 1) * BYTES;
    return { kind: "bank", bank: span.bank, offset: span.offset + part.start * BYTES, size, write };
  }

  /** What was not written in place is copied to its target at the end. */
  #copyStores(): void {
    const { graph } = this.#schedule;
    graph.program.stores.forEach(({ node }, target) => {
      const bytes = sizeOf(graph.nodes[node].shape) * BYTES;
      const home = this.#homes.get(node);
      if (bytes === 0 || home?.store === target) return;
      const ref = this.#locate(node);
      if (ref.kind === "source") {
        const from = { kind: "source", index: ref.index, start: 0 } as const;
        this.#copies.push({ from, target, bytes });
      } else if (ref.kind === "store") {
        const from = { kind: "target", index: ref.index, start: ref.start } as const;
        this.#copies.push({ from, target, bytes });
      } else {
        const span = this.#spans.get(this.#spanKey(ref))!;
        const part = this.#packOf(node)?.start ?? 0;
        const from = { kind: "bank", bank: span.bank, offset: span.offset + part * BYTES } as const;
        this.#copies.push({ from, target, bytes });
      }
    });
  }
}

/** Bytes of uniforms per launch, a multiple of the offset alignment that every device allows. */
function uniformStride(stages: readonly Stage[]): number {
  const words = Math.max(0, ...stages.map((s) => s.text.words.length));
  return Math.ceil((words * 4) / 256) * 256;
}
