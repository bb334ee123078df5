import { add, nn, type Tensor } from "tapegrad";

/** Reads the rows of an image as tokens: one layer of a Transformer, and their mean classifies. */
export class RowTransformer extends nn.Module {
  readonly embed: nn.Linear;
  /** What tells the rows apart: [rows, features]. */
  readonly positions: nn.Parameter;
  readonly layer: nn.TransformerEncoderLayer;
  readonly head: nn.Linear;

  constructor(rows: number, columns: number, features: number, classes: number) {
    super();
    this.embed = new nn.Linear(columns, features);
    this.positions = new nn.Parameter(nn.init.normal(0, 0.02)([rows, features]));
    this.layer = new nn.TransformerEncoderLayer(features, 4, {
      dimFeedforward: 2 * features,
      dropout: 0,
      batchFirst: true,
    });
    this.head = new nn.Linear(features, classes);
  }

  /** [N, rows, columns] → logits [N, classes] */
  forward(x: Tensor): Tensor {
    const tokens = add(this.embed.forward(x), this.positions);
    return this.head.forward(this.layer.forward(tokens).mean(1));
  }
}
