import { nn, select, type Tensor } from "tapegrad";

/** Reads an image row by row with an LSTM, and classifies it by the state after the last row. */
export class RowLstm extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor(columns: number, hidden: number, classes: number) {
    super();
    this.lstm = new nn.LSTM(columns, hidden, { batchFirst: true });
    this.head = new nn.Linear(hidden, classes);
  }

  /** [N, rows, columns] → logits [N, classes] */
  forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(x);
    return this.head.forward(select(output, 1, -1));
  }
}
