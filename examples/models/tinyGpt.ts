import { add, arange, nn, type Tensor } from "tapegrad";

/** Attention to what came before, then two linear layers; norms stand before each (pre-norm). */
class Block extends nn.Module {
  readonly norm1: nn.LayerNorm;
  readonly attention: nn.MultiheadAttention;
  readonly norm2: nn.LayerNorm;
  readonly mlp: nn.Sequential;

  constructor(features: number, heads: number) {
    super();
    this.norm1 = new nn.LayerNorm(features);
    this.attention = new nn.MultiheadAttention(features, heads, { batchFirst: true });
    this.norm2 = new nn.LayerNorm(features);
    this.mlp = new nn.Sequential(
      new nn.Linear(features, 4 * features),
      new nn.GELU(),
      new nn.Linear(4 * features, features),
    );
  }

  /** [N, T, features] → same */
  forward(x: Tensor): Tensor {
    const normed = this.norm1.forward(x);
    const [attended] = this.attention.forward(normed, normed, normed, { isCausal: true });
    const seen = add(x, attended);
    return add(seen, this.mlp.forward(this.norm2.forward(seen)));
  }
}

export interface TinyGptOptions {
  /** The longest text it can see. */
  readonly context: number;
  readonly features: number;
  readonly heads: number;
  readonly layers: number;
}

/**
 * A decoder-only Transformer that predicts the next token.
 * Source: Radford et al. 2019, "Language models are unsupervised multitask learners".
 */
export class TinyGpt extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly positions: nn.Embedding;
  readonly blocks: nn.Sequential;
  readonly norm: nn.LayerNorm;
  readonly head: nn.Linear;

  constructor(vocabulary: number, { context, features, heads, layers }: TinyGptOptions) {
    super();
    this.tokens = new nn.Embedding(vocabulary, features);
    this.positions = new nn.Embedding(context, features);
    this.blocks = new nn.Sequential(
      ...Array.from({ length: layers }, () => new Block(features, heads)),
    );
    this.norm = new nn.LayerNorm(features);
    this.head = new nn.Linear(features, vocabulary, { bias: false });
  }

  /** Indices of tokens [N, T] → logits of the next ones [N, T, vocabulary] */
  forward(x: Tensor): Tensor {
    const places = arange(x.shape[1]!);
    const embedded = add(this.tokens.forward(x), this.positions.forward(places));
    return this.head.forward(this.norm.forward(this.blocks.forward(embedded)));
  }
}
