import { nn, type Tensor } from "tapegrad";

/** Two convolutions with batch norm and max pooling, for 8x8 images in grey. */
export class DigitsCnn extends nn.Module {
  readonly features: nn.Sequential;
  readonly classifier: nn.Linear;

  constructor(classes = 10) {
    super();
    this.features = new nn.Sequential(
      new nn.Conv2d(1, 16, 3, { padding: 1 }),
      new nn.BatchNorm2d(16),
      new nn.ReLU(),
      new nn.MaxPool2d(2), // [N, 16, 4, 4]
      new nn.Conv2d(16, 32, 3, { padding: 1 }),
      new nn.BatchNorm2d(32),
      new nn.ReLU(),
      new nn.MaxPool2d(2), // [N, 32, 2, 2]
    );
    this.classifier = new nn.Linear(128, classes);
  }

  /** [N, 1, 8, 8] → logits [N, classes] */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).flatten(1));
  }
}
