import { ValueError } from "../../core/errors.ts";
import { gelu } from "../../ops/elementwise/activations.ts";
import { add } from "../../ops/elementwise/arithmetic.ts";
import { relu } from "../../ops/elementwise/extrema.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "../draws.ts";
import { Dropout } from "../dropout/dropout.ts";
import { Linear } from "../linear.ts";
import { type Layer, Module } from "../module.ts";
import { LayerNorm } from "../norm/layerNorm.ts";
import { repr } from "../repr.ts";
import { MultiheadAttention } from "./multiheadAttention.ts";

export interface TransformerEncoderLayerOptions extends SeedOptions {
  /** Features between the two linear layers; the default is 2048. */
  readonly dimFeedforward?: number;
  /** The probability with which activations and attention weights are dropped; 0.1 by default. */
  readonly dropout?: number;
  /** Between the linear layers; the default is "relu". */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** The default is 1e-5. */
  readonly layerNormEps?: number;
  /** Inputs are [N, L, E]; the default is false: [L, N, E]. */
  readonly batchFirst?: boolean;
  /** Norms stand before attention and linear layers, not behind the sums; false by default. */
  readonly normFirst?: boolean;
  /** Adds learned biases; the default is true. */
  readonly bias?: boolean;
}

export interface EncodeOptions {
  /** [L, L] or [N·heads, L, L]. bool: true where attention is NOT allowed; float: added. */
  readonly srcMask?: Tensor | null;
  /** [N, L] bool: true where a position is IGNORED; or float, added. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** A position sees itself and those before it. */
  readonly isCausal?: boolean;
}

const LAYER = "TransformerEncoderLayer";
const stateNames: Readonly<Record<string, string>> = { selfAttn: "self_attn" };

/**
 * Self-attention and two linear layers, each with a residual sum and layer normalization:
 * x = norm1(x + attention(x)), y = norm2(x + linear2(activation(linear1(x)))), or with normFirst
 * x + attention(norm1(x)) and so on.
 * Source: Vaswani et al. 2017, arXiv:1706.03762; norms first: Xiong et al. 2020, arXiv:2002.04745.
 */
export class TransformerEncoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly normFirst: boolean;
  readonly activation: (x: Tensor) => Tensor;
  readonly #options: TransformerEncoderLayerOptions;

  /** @throws ValueError unless nhead divides dModel, dropout is in [0, 1], the activation known */
  constructor(dModel: number, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps = 1e-5, bias = true } = options;
    const { activation = "relu", batchFirst = false, normFirst = false, seed } = options;
    const generator = generatorOf(options);
    // Without a seed of the layer's own, what is dropped follows `manualSeed` too.
    const own = seed === undefined && options.generator === undefined ? {} : { generator };
    const drop = (i: number) => new Dropout(dropout, seed === undefined ? {} : { seed: seed + i });
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, ...own });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, generator });
    this.dropout = drop(1);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, generator });
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps, bias });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps, bias });
    this.dropout1 = drop(2);
    this.dropout2 = drop(3);
    this.normFirst = normFirst;
    this.activation = activationOf(activation);
    this.#options = options;
  }

  /** @param x [L, N, dModel], [N, L, dModel] with batchFirst, or [L, dModel]  @returns the same */
  forward(x: Tensor, options: EncodeOptions = {}): Tensor {
    const { norm1, norm2 } = this;
    if (this.normFirst) {
      const attended = add(x, this.#attention(norm1.forward(x), options));
      return add(attended, this.#feedForward(norm2.forward(attended)));
    }
    const attended = norm1.forward(add(x, this.#attention(x, options)));
    return norm2.forward(add(attended, this.#feedForward(attended)));
  }

  #attention(x: Tensor, { srcMask, srcKeyPaddingMask, isCausal = false }: EncodeOptions): Tensor {
    const [out] = this.selfAttn.forward(x, x, x, {
      attnMask: srcMask ?? null,
      keyPaddingMask: srcKeyPaddingMask ?? null,
      isCausal,
    });
    return this.dropout1.forward(out);
  }

  #feedForward(x: Tensor): Tensor {
    const hidden = this.dropout.forward(this.activation(this.linear1.forward(x)));
    return this.dropout2.forward(this.linear2.forward(hidden));
  }

  protected override stateName(property: string): string {
    return stateNames[property] ?? property;
  }

  override toString(): string {
    const { activation = "relu", layerNormEps, batchFirst, bias } = this.#options;
    const options = {
      dimFeedforward: this.linear1.outFeatures,
      dropout: this.dropout.p,
      activation: typeof activation === "string" ? activation : activation.name || undefined,
      layerNormEps,
      batchFirst,
      normFirst: this.normFirst,
      bias,
    };
    const { embedDim, numHeads } = this.selfAttn;
    return repr(this, [embedDim, numHeads], options, {
      dimFeedforward: 2048,
      dropout: 0.1,
      activation: "relu",
      layerNormEps: 1e-5,
      batchFirst: false,
      normFirst: false,
      bias: true,
    });
  }
}

function activationOf(
  given: Exclude<TransformerEncoderLayerOptions["activation"], undefined>,
): (x: Tensor) => Tensor {
  if (typeof given === "function") return given;
  if (given === "relu") return (x) => relu(x);
  if (given === "gelu") return (x) => gelu(x);
  throw new ValueError(
    `${LAYER}: unknown activation; got "${String(given)}". Use "relu", "gelu" or a function.`,
  );
}

export interface TransformerEncoderOptions {
  /** Applied to what the last layer gives. */
  readonly norm?: Layer | null;
}

/**
 * Layers one after the other, with the same masks; their names in a state dict are `layers.0`, …
 * PyTorch copies one layer; here each is made by itself, so that their first weights differ:
 * `new TransformerEncoder([0, 1].map((seed) => new TransformerEncoderLayer(32, 4, { seed })))`.
 */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Layer | null;

  /** @throws ValueError without layers */
  constructor(
    layers: readonly TransformerEncoderLayer[],
    { norm = null }: TransformerEncoderOptions = {},
  ) {
    super();
    if (!Array.isArray(layers) || layers.length === 0) {
      throw new ValueError(
        "TransformerEncoder: there are no layers; got none. " +
          "Give an array: [new TransformerEncoderLayer(32, 4)].",
      );
    }
    this.layers = [...layers];
    this.norm = norm;
  }

  /** @param x [L, N, dModel], [N, L, dModel] with batchFirst, or [L, dModel]  @returns the same */
  forward(x: Tensor, options: EncodeOptions = {}): Tensor {
    const out = this.layers.reduce((value, layer) => layer.forward(value, options), x);
    return this.norm === null ? out : this.norm.forward(out);
  }

  override toString(): string {
    const end = this.norm === null ? "" : `, { norm: ${this.norm} }`;
    return `TransformerEncoder([${this.layers.join(", ")}]${end})`;
  }
}
