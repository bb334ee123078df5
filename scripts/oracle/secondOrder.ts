import {
  cat,
  grad,
  hessian,
  hvp,
  jvp,
  mul,
  reshape,
  square,
  sum,
  type Tensor,
} from "../../src/index.ts";
import { type Bound, boundOf, difference } from "./bound.ts";
import type { Check, Context } from "./context.ts";
import {
  asNumber,
  casesOf,
  isObject,
  type Json,
  type JsonObject,
  type Stored,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";
import { evaluate } from "./spec.ts";

type Tensors = Record<string, Tensor>;

/** A small net: its loss as a function of parameters and input, and what is expected of it. */
class Net {
  readonly #suite: Suite;
  readonly #content: JsonObject;
  readonly #context: Context;
  readonly #bound: Bound;
  readonly #params: Tensors;
  readonly #x: Tensor;
  readonly #extra: Tensors;

  constructor(suite: Suite, content: JsonObject, context: Context) {
    this.#suite = suite;
    this.#content = content;
    this.#context = context;
    this.#bound = boundOf(content.tol);
    this.#params = this.#all(content.params);
    this.#x = this.#upload(content.x);
    this.#extra = this.#all(content.extra);
  }

  readonly #loss = (params: Tensors, x: Tensor): Tensor =>
    evaluate(String(this.#content.spec), { ...params, ...this.#extra, x });

  async run(): Promise<string[]> {
    const { device } = this.#context;
    const v = this.#all(this.#content.v);
    const graph = await this.#context.recording(
      `the net ${this.#content.name} on ${device.kind}`,
      () => {
        const grads = grad(this.#loss)(this.#params, this.#x);
        return {
          loss: this.#loss(this.#params, this.#x),
          grads,
          gradX: grad((x: Tensor) => this.#loss(this.#params, x))(this.#x),
          jvp: jvp((params: Tensors) => this.#loss(params, this.#x), [this.#params], [v]).tangent,
          hvp: hvp(this.#loss, this.#params, v, this.#x),
          gp: grad((params: Tensors) => this.#penalty(params))(this.#params),
        };
      },
    );
    return [
      ...(await this.#compare("loss", graph.loss, this.#content.loss)),
      ...(await this.#compareAll("grad", graph.grads, this.#content.grads)),
      ...(await this.#compare("grad of x", graph.gradX, this.#content.grad_x)),
      ...(await this.#compare("jvp", graph.jvp, this.#content.jvp)),
      ...(await this.#compareAll("hvp", graph.hvp, this.#content.hvp)),
      ...(await this.#compareAll("gp", graph.gp, this.#content.gp)),
      ...(await this.#compareHessian()),
    ];
  }

  #upload(value: Json | undefined): Tensor {
    return upload(storedIn(this.#suite, isObject(value) ? value.t : value), this.#context.device);
  }

  #all(values: Json | undefined): Tensors {
    const entries = Object.entries(isObject(values) ? values : {});
    return Object.fromEntries(entries.map(([name, value]) => [name, this.#upload(value)]));
  }

  /** ½ ‖dL/dx‖². */
  #penalty(params: Tensors): Tensor {
    const g = grad((x: Tensor) => this.#loss(params, x))(this.#x);
    return mul(0.5, sum(square(g)));
  }

  async #compare(what: string, got: Tensor, expected: Json | undefined): Promise<string[]> {
    if (expected === undefined) return [];
    const { shape, dtype } = got;
    const number = asNumber(expected);
    const wanted: Stored =
      number === null
        ? storedIn(this.#suite, expected)
        : { data: Float64Array.of(number), shape: [], dtype: "float32" };
    const found = difference(what, { data: await got.data(), shape, dtype }, wanted, this.#bound);
    return found === null ? [] : [found];
  }

  async #compareAll(what: string, got: Tensors, expected: Json | undefined): Promise<string[]> {
    const found = Object.entries(isObject(expected) ? expected : {}).map(([name, key]) =>
      this.#compare(`${what} ${name}`, got[name]!, key),
    );
    return (await Promise.all(found)).flat();
  }

  /** The whole Hessian over all parameters, put together from its blocks. */
  async #compareHessian(): Promise<string[]> {
    if (this.#content.hess === undefined) return [];
    const blocks = hessian(this.#loss)(this.#params, this.#x) as Record<string, Tensors>;
    const names = Object.keys(this.#params);
    const size = (name: string) => this.#params[name]!.size;
    const rows = names.map((row) =>
      cat(
        names.map((column) => reshape(blocks[row]![column]!, [size(row), size(column)])),
        1,
      ),
    );
    return this.#compare("hess", cat(rows), this.#content.hess);
  }
}

export const secondOrderChecks = (suite: Suite): Check[] =>
  casesOf(suite).map((content) => ({
    name: String(content.name),
    run: (context) => new Net(suite, content, context).run(),
  }));
