import "../../src/index.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { type Binding, childrenOf, type Sources, type Syntax } from "./modules.ts";

/** Which functions are made of which ops, read off the sources. */
export class Primitives {
  /** The op that a constant holds. */
  readonly #ops = new Map<Binding, RegisteredOp>();
  readonly #defining = new Map<Binding, boolean>();

  constructor(sources: Sources) {
    for (const binding of sources.bindings) {
      if (!this.#holdsOp(binding)) continue;
      const op = opNamed([...textsIn(binding.syntax)]);
      if (op !== undefined) this.#ops.set(binding, op);
    }
  }

  /** Where an op is defined. */
  homeOf(op: RegisteredOp): Binding | null {
    for (const [binding, held] of this.#ops) if (held === op) return binding;
    return null;
  }

  opOf(binding: Binding): RegisteredOp | null {
    return this.#ops.get(binding) ?? null;
  }

  /**
   * What a function calls, through helpers that are not public: ops, and functions of the public
   * API (`isPublic`).
   */
  partsOf(binding: Binding, isPublic: (b: Binding) => boolean): Binding[] {
    const parts = new Set<Binding>();
    const seen = new Set<Binding>([binding]);
    const visit = (at: Binding): void => {
      for (const used of at.uses) {
        if (seen.has(used)) continue;
        seen.add(used);
        if (isPublic(used) || this.#ops.has(used)) parts.add(used);
        else visit(used);
      }
    };
    visit(binding);
    return [...parts];
  }

  /** `const sin = unary("sin", …)`: a call of what calls `defineOp` in the end. */
  #holdsOp({ syntax, uses }: Binding): boolean {
    if (syntax.type !== "CallExpression") return false;
    const callee = (syntax.callee as { readonly name?: string }).name;
    const maker = uses.find(({ name }) => name === callee);
    return maker !== undefined && this.#defines(maker);
  }

  #defines(binding: Binding): boolean {
    if (isDefiner(binding.name)) return true;
    const known = this.#defining.get(binding);
    if (known !== undefined) return known;
    this.#defining.set(binding, false);
    // A function that defines, not one that uses what is defined already.
    const found =
      /Function/.test(binding.syntax.type) &&
      binding.uses.some((used) => used.syntax.type !== "CallExpression" && this.#defines(used));
    this.#defining.set(binding, found);
    return found;
  }
}

const isDefiner = (name: string): boolean => name === "defineOp" || name === "defineVariadic";

/** The op of one of these names; or the only one that begins so, where its maker adds an ending. */
function opNamed(texts: readonly string[]): RegisteredOp | undefined {
  const exact = registry.find((op) => texts.includes(op.name));
  if (exact !== undefined) return exact;
  const longer = registry.filter((op) => texts.some((text) => op.name.startsWith(text)));
  return longer.length === 1 ? longer[0] : undefined;
}

/** The texts that may name an op: `name: "x"` of a definition, or an argument of its maker. */
function* textsIn(call: Syntax): Generator<string> {
  for (const argument of (call.arguments as readonly Syntax[]) ?? []) {
    if (typeof argument.value === "string") yield argument.value;
    if (argument.type !== "ObjectExpression") continue;
    for (const property of childrenOf(argument)) {
      const { key, value, argument: spread } = property as unknown as Record<string, Syntax>;
      if (property.type === "SpreadElement") yield* textsIn(spread!);
      else if (key?.name === "name" && typeof value?.value === "string") yield value.value;
    }
  }
}
