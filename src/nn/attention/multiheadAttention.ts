import { type Attending, attend, weightsOf } from "../../ops/attention/attend.ts";
import { add } from "../../ops/elementwise/arithmetic.ts";
import { matmul } from "../../ops/linalg/matmul.ts";
import { flatten, unbind } from "../../ops/movement/join.ts";
import { reshape, transpose } from "../../ops/movement/movement.ts";
import { narrow } from "../../ops/movement/slice.ts";
import type { Generator } from "../../ops/random/random.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "../draws.ts";
import { xavierUniform, zeros } from "../init.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { repr } from "../repr.ts";
import { checkArguments, checkInputs } from "./checks.ts";
import { joinedMask, type MaskOptions } from "./masks.ts";

export interface MultiheadAttentionOptions extends SeedOptions {
  /** The probability with which an attention weight is dropped in training; the default is 0. */
  readonly dropout?: number;
  /** Adds learned biases; the default is true. */
  readonly bias?: boolean;
  /** Features of keys; the default is embedDim. */
  readonly kdim?: number;
  /** Features of values; the default is embedDim. */
  readonly vdim?: number;
  /** Inputs are [N, L, E]; the default is false: [L, N, E]. */
  readonly batchFirst?: boolean;
}

export interface AttendOptions extends MaskOptions {
  /** Query i attends to keys 0 … i only. Here it needs no mask beside it. */
  readonly isCausal?: boolean;
  /** Also returns the attention weights; the default is false, PyTorch's is true. */
  readonly needWeights?: boolean;
  /** Returns their mean over the heads; the default is true. */
  readonly averageAttnWeights?: boolean;
}

const LAYER = "MultiheadAttention";

const stateNames: Readonly<Record<string, string>> = {
  inProjWeight: "in_proj_weight",
  qProjWeight: "q_proj_weight",
  kProjWeight: "k_proj_weight",
  vProjWeight: "v_proj_weight",
  inProjBias: "in_proj_bias",
  outProj: "out_proj",
};

/**
 * Attention of several heads: each projects queries, keys and values to embedDim / numHeads
 * features, sums the values by softmax(q kᵀ / √features), and a linear layer joins the heads. One
 * tensor for query, key and value (self-attention) is projected by one matrix product.
 * Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  /** [3·embedDim, embedDim]: rows for queries, keys, values; null where kdim or vdim differ */
  readonly inProjWeight: Parameter | null = null;
  /** [embedDim, embedDim], where kdim or vdim differ */
  readonly qProjWeight: Parameter | null = null;
  /** [embedDim, kdim], where kdim or vdim differ */
  readonly kProjWeight: Parameter | null = null;
  /** [embedDim, vdim], where kdim or vdim differ */
  readonly vProjWeight: Parameter | null = null;
  /** [3·embedDim], starts at 0 */
  readonly inProjBias: Parameter | null = null;
  readonly outProj: Linear;
  readonly #generator: Generator | undefined;

  /** @throws ValueError unless numHeads divides embedDim and dropout lies in [0, 1] */
  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim } = options;
    checkArguments({ embedDim, numHeads, kdim, vdim }, dropout, options);
    const generator = generatorOf(options);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.kdim = kdim;
    this.vdim = vdim;
    this.dropout = dropout;
    this.batchFirst = options.batchFirst ?? false;
    const make = (rows: number, columns: number, name: string) =>
      new Parameter(xavierUniform()([rows, columns], { generator }), { name });
    if (kdim === embedDim && vdim === embedDim) {
      this.inProjWeight = make(3 * embedDim, embedDim, "in_proj_weight");
    } else {
      this.qProjWeight = make(embedDim, embedDim, "q_proj_weight");
      this.kProjWeight = make(embedDim, kdim, "k_proj_weight");
      this.vProjWeight = make(embedDim, vdim, "v_proj_weight");
    }
    if (bias) this.inProjBias = new Parameter(zeros()([3 * embedDim]), { name: "in_proj_bias" });
    this.outProj = new Linear(embedDim, embedDim, { bias, generator });
    this.outProj.bias?.assign(zeros()([embedDim]));
    const own = options.seed !== undefined || options.generator !== undefined;
    this.#generator = own ? generator : undefined;
  }

  /**
   * A query that may attend to no key gets the bias of the last layer alone. Dropout does not show
   * in the weights that are returned.
   * @param query [L, N, embedDim], [N, L, embedDim] with batchFirst, or [L, embedDim]
   * @param key the same with S in place of L, and kdim features; the default is query
   * @param value the same with vdim features; the default is key
   * @returns the output in the shape of query, and the weights [N, L, S] (with heads
   *   [N, heads, L, S]) or null
   * @throws ShapeError, DTypeError for inputs and masks that do not fit
   */
  forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    options: AttendOptions = {},
  ): [Tensor, Tensor | null] {
    checkInputs(this, query, key, value);
    const batched = query.rank === 3;
    const rows = batched && this.batchFirst ? 1 : 0;
    const scores = {
      batch: batched ? query.shape[1 - rows]! : null,
      heads: this.numHeads,
      queries: query.shape[rows]!,
      keys: key.shape[rows]!,
    };
    const call: Attending = {
      rows,
      scale: 1 / Math.sqrt(this.embedDim / this.numHeads),
      causal: options.isCausal ?? false,
      mask: joinedMask(LAYER, options, scores),
      dropout: this.training ? this.dropout : 0,
      generator: this.#generator,
    };
    const values = this.#projected(query, key, value);
    const joined = reshape(attend(values, call), query.shape);
    const out = reshape(this.outProj.forward(flattened(joined)), query.shape);
    if (!(options.needWeights ?? false)) return [out, null];
    const weights = weightsOf(values, call);
    return [out, (options.averageAttnWeights ?? true) ? mean(weights, batched ? 1 : 0) : weights];
  }

  /** [q, k, v] with axes [..., heads, features], or one tensor [..., 3, heads, features]. */
  #projected(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const one = (x: Tensor, from: number) => reshape(this.#project(x, from, 1), this.#heads(x));
    if (this.inProjWeight === null) return [one(query, 0), one(key, 1), one(value, 2)];
    if (!same(key, value)) return [one(query, 0), one(key, 1), one(value, 2)];
    if (same(query, key)) return [this.#project(query, 0, 3)];
    return [one(query, 0), ...unbind(this.#project(key, 1, 2), key.rank - 1)];
  }

  #heads(x: Tensor): number[] {
    return [...x.shape.slice(0, -1), this.numHeads, this.embedDim / this.numHeads];
  }

  /** x times `count` neighbouring blocks of the weight: [..., count, heads, features]. */
  #project(x: Tensor, from: number, count: number): Tensor {
    const own = [this.qProjWeight, this.kProjWeight, this.vProjWeight][from];
    const part = (p: Tensor) =>
      count === 3 ? p : narrow(p, 0, from * this.embedDim, count * this.embedDim);
    const weight = this.inProjWeight === null ? own! : part(this.inProjWeight);
    const product = matmul(flattened(x), transpose(weight));
    const y = this.inProjBias === null ? product : add(product, part(this.inProjBias));
    return reshape(y, this.#heads(x).toSpliced(-2, 0, count));
  }

  protected override stateName(property: string): string {
    return stateNames[property] ?? property;
  }

  override toString(): string {
    const { embedDim, numHeads, dropout, kdim, vdim, batchFirst } = this;
    const options = { dropout, bias: this.inProjBias !== null, kdim, vdim, batchFirst };
    const defaults = { dropout: 0, bias: true, kdim: embedDim, vdim: embedDim, batchFirst: false };
    return repr(this, [embedDim, numHeads], options, defaults);
  }
}

/** As a matrix: the bias is then summed by the launch of the weight's gradient. */
const flattened = (x: Tensor): Tensor => flatten(x, 0, -2);

const same = (a: Tensor, b: Tensor): boolean => a === b || a.node === b.node;
