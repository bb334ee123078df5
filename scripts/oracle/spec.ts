import {
  add,
  type CellWeights,
  div,
  gruCell,
  lstmCell,
  matmul,
  mul,
  neg,
  pow,
  rnnCell,
  square,
  sub,
  sum,
  Tensor,
  type TensorLike,
  transpose,
  unbind,
  zeros,
} from "../../src/index.ts";
import { callAtOnce } from "./adapters/index.ts";
import { type Argument, Unsupported } from "./arguments.ts";

/** Functions that specs call by a short name. */
const aliases: Readonly<Record<string, string>> = { mse: "mse_loss", ce: "cross_entropy" };

type Names = Map<string, Argument>;

const constants: Names = new Map<string, Argument>([
  ["None", null],
  ["True", true],
  ["False", false],
]);

type Operator = (a: TensorLike, b: TensorLike) => Tensor;
const sums: Readonly<Record<string, Operator>> = { "+": add, "-": sub };
const products: Readonly<Record<string, Operator>> = { "*": mul, "/": div, "@": matmul };

/**
 * The loss of a net that is written as formulas, `h=tanh(x@W^T+b); L=mse(h,t)`: the last one is
 * the result. @throws Unsupported when it is written otherwise, or needs a missing op
 */
export function evaluate(spec: string, tensors: Readonly<Record<string, Tensor>>): Tensor {
  const sequence = recurrent(spec, tensors);
  if (sequence !== null) return sequence;
  const names: Names = new Map([...constants, ...Object.entries(tensors)]);
  let last: Argument = null;
  for (const statement of spec.split(";")) {
    const found = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(statement);
    if (found === null) throw new Unsupported(`the net "${spec}"`);
    last = new Formula(found[2]!, spec, names).value();
    names.set(found[1]!, last);
  }
  if (last instanceof Tensor) return last;
  throw new Unsupported(`the net "${spec}"`);
}

type Step = (x: Tensor, state: readonly Tensor[], weights: CellWeights) => readonly Tensor[];

const cells: Readonly<Record<string, Step>> = {
  RNN: (x, [h], weights) => [rnnCell(x, h!, weights)],
  GRU: (x, [h], weights) => [gruCell(x, h!, weights)],
  LSTM: (x, [h, c], weights) => lstmCell(x, [h!, c!], weights),
};

/** "torch GRU equations …; L=sum(h_T^2)": x is [time, batch, inputs], the state begins at zero. */
function recurrent(spec: string, tensors: Readonly<Record<string, Tensor>>): Tensor | null {
  const kind = /^torch (RNN|GRU|LSTM) equations.*L=sum\(h_T\^2\)$/.exec(spec)?.[1];
  if (kind === undefined) return null;
  const { x, Wi, Wh, bi, bh } = tensors as Record<"x" | "Wi" | "Wh" | "bi" | "bh", Tensor>;
  const start = zeros([x.shape[1]!, Wh.shape[1]!], { device: x.device });
  const weights = { weightIh: Wi, weightHh: Wh, biasIh: bi, biasHh: bh };
  const step = (state: readonly Tensor[], at: Tensor) => cells[kind]!(at, state, weights);
  return sum(square(unbind(x).reduce(step, [start, start])[0]!));
}

class Formula {
  readonly #tokens: string[];
  readonly #spec: string;
  readonly #names: Names;
  #at = 0;

  constructor(text: string, spec: string, names: Names) {
    this.#tokens = text.match(/\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+|\w+|\S/gi) ?? [];
    this.#spec = spec;
    this.#names = names;
  }

  value(): Argument {
    const value = this.#sum();
    if (this.#at < this.#tokens.length) throw this.#unknown();
    return value;
  }

  #unknown(): Unsupported {
    return new Unsupported(`the net "${this.#spec}"`);
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw this.#unknown();
  }

  #operand(value: Argument): TensorLike {
    if (value instanceof Tensor || typeof value === "number") return value;
    throw this.#unknown();
  }

  #chain(next: () => Argument, operators: Readonly<Record<string, Operator>>): Argument {
    let left = next();
    for (;;) {
      const operator = operators[this.#tokens[this.#at] ?? ""];
      if (operator === undefined) return left;
      this.#at++;
      left = operator(this.#operand(left), this.#operand(next()));
    }
  }

  readonly #sum = (): Argument => this.#chain(this.#product, sums);
  readonly #product = (): Argument => this.#chain(this.#signed, products);

  readonly #signed = (): Argument => {
    if (!this.#takes("-")) return this.#power();
    const value = this.#operand(this.#power());
    return typeof value === "number" ? -value : neg(value as Tensor);
  };

  /** x^T and x.T transpose, x^2 is a power. */
  #power(): Argument {
    let value = this.#atom();
    while (this.#takes("^") || this.#takes(".")) {
      const base = this.#operand(value) as Tensor;
      value = this.#takes("T") ? transpose(base) : pow(base, this.#operand(this.#atom()));
    }
    return value;
  }

  #atom(): Argument {
    if (this.#takes("(")) {
      const value = this.#sum();
      this.#expect(")");
      return value;
    }
    if (this.#takes("[")) return this.#list("]").args;
    const token = this.#tokens[this.#at++] ?? "";
    if (/^[\d.]/.test(token)) return Number(token);
    if (this.#takes("(")) return this.#call(token);
    const value = this.#names.get(token);
    if (value === undefined) throw this.#unknown();
    return value;
  }

  #call(name: string): Argument {
    const { args, kwargs } = this.#list(")");
    // Nets keep the batch axis.
    if (name === "flatten" && args.length === 1) return callAtOnce(name, [args[0]!, 1], kwargs);
    return callAtOnce(aliases[name] ?? name, args, kwargs);
  }

  #list(end: string): { args: Argument[]; kwargs: Record<string, Argument> } {
    const args: Argument[] = [];
    const kwargs: Record<string, Argument> = {};
    while (!this.#takes(end)) {
      if (args.length + Object.keys(kwargs).length > 0) this.#expect(",");
      const name = this.#tokens[this.#at] ?? "";
      if (this.#tokens[this.#at + 1] === "=") {
        this.#at += 2;
        kwargs[name] = this.#sum();
      } else args.push(this.#sum());
    }
    return { args, kwargs };
  }
}
