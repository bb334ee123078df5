import { nn, type Tensor } from "tapegrad";

/** A multi-layer perceptron: linear layers with ReLU between them. */
export class Mlp extends nn.Module {
  readonly layers: nn.Sequential;

  /** @param widths features before, between and after the layers: [64, 128, 10] */
  constructor(widths: readonly number[]) {
    super();
    const layers = widths.slice(1).flatMap((width, i) => {
      const linear = new nn.Linear(widths[i]!, width);
      return i === 0 ? [linear] : [new nn.ReLU(), linear];
    });
    this.layers = new nn.Sequential(...layers);
  }

  /** [N, widths[0]] → logits [N, widths.at(-1)] */
  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}
