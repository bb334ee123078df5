import { nn, type Tensor } from "tapegrad";

/**
 * Squeezes images through a few numbers and draws them again.
 * Source: Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
 */
export class Autoencoder extends nn.Module {
  readonly encoder: nn.Sequential;
  readonly decoder: nn.Sequential;

  /** @param code how many numbers stand for an image */
  constructor(features: number, hidden: number, code: number) {
    super();
    this.encoder = new nn.Sequential(
      new nn.Linear(features, hidden),
      new nn.ReLU(),
      new nn.Linear(hidden, code),
    );
    this.decoder = new nn.Sequential(
      new nn.Linear(code, hidden),
      new nn.ReLU(),
      new nn.Linear(hidden, features),
      new nn.Sigmoid(),
    );
  }

  /** [N, features] in [0, 1] → the same drawn again */
  forward(x: Tensor): Tensor {
    return this.decoder.forward(this.encoder.forward(x));
  }
}
