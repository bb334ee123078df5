import { nn, type Tensor } from "tapegrad";

/**
 * LeNet-5 for 32x32 images in grey, with average pooling and tanh as published.
 * Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document
 * recognition", section II.B (every map of the second convolution sees every map of the first,
 * and the output layer is linear).
 */
export class LeNet5 extends nn.Module {
  readonly features: nn.Sequential;
  readonly classifier: nn.Sequential;

  constructor(classes = 10) {
    super();
    this.features = new nn.Sequential(
      new nn.Conv2d(1, 6, 5), // [N, 6, 28, 28]
      new nn.Tanh(),
      new nn.AvgPool2d(2), // [N, 6, 14, 14]
      new nn.Conv2d(6, 16, 5), // [N, 16, 10, 10]
      new nn.Tanh(),
      new nn.AvgPool2d(2), // [N, 16, 5, 5]
    );
    this.classifier = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(16 * 5 * 5, 120),
      new nn.Tanh(),
      new nn.Linear(120, 84),
      new nn.Tanh(),
      new nn.Linear(84, classes),
    );
  }

  /** [N, 1, 32, 32] → logits [N, classes] */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x));
  }
}
