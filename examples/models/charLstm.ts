import { nn, type Tensor } from "tapegrad";

/** Hidden and cell state of the LSTM, each [layers, N, hidden]. */
export type CharState = readonly [Tensor, Tensor];

/**
 * Predicts the next character of a text from all before it.
 * Source: Graves 2013, "Generating sequences with recurrent neural networks", arXiv:1308.0850.
 */
export class CharLstm extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor(characters: number, hidden: number, numLayers = 1) {
    super();
    this.embedding = new nn.Embedding(characters, hidden);
    this.lstm = new nn.LSTM(hidden, hidden, { numLayers, batchFirst: true });
    this.head = new nn.Linear(hidden, characters);
  }

  /** Indices of characters [N, T] → logits of the next ones [N, T, characters] */
  forward(x: Tensor): Tensor {
    return this.read(x)[0];
  }

  /** The same from a given state on, and the state after it. */
  read(x: Tensor, state?: CharState): [Tensor, CharState] {
    const [output, after] = this.lstm.forward(this.embedding.forward(x), state);
    return [this.head.forward(output), after];
  }
}
