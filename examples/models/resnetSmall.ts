import { nn, type Tensor } from "tapegrad";

export interface ResNetSmallOptions {
  /** Of the images: 1 for grey, 3 for colours. */
  readonly channels: number;
  /** Channels of the first stage; each later one has twice as many on half the height and width. */
  readonly width: number;
  readonly classes: number;
}

const conv = (from: number, to: number, stride: number) =>
  new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false });

/** Two convolutions with a skip connection around them; a 1x1 convolution where shapes change. */
function block(from: number, to: number, stride: number): nn.Sequential {
  const body = new nn.Sequential(
    conv(from, to, stride),
    new nn.BatchNorm2d(to),
    new nn.ReLU(),
    conv(to, to, 1),
    new nn.BatchNorm2d(to),
  );
  const project = () =>
    new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false }), new nn.BatchNorm2d(to));
  const shortcut = stride === 1 && from === to ? null : project();
  return new nn.Sequential(new nn.Residual(body, { shortcut }), new nn.ReLU());
}

/**
 * A residual network for small images: a stem, three blocks, the mean over places, a classifier.
 * Source: He et al. 2016, "Deep residual learning for image recognition", arXiv:1512.03385, section
 * 4.2 (with one block a stage).
 */
export class ResNetSmall extends nn.Module {
  readonly stem: nn.Sequential;
  readonly stages: nn.Sequential;
  readonly head: nn.Sequential;

  constructor({ channels, width, classes }: ResNetSmallOptions) {
    super();
    this.stem = new nn.Sequential(
      conv(channels, width, 1),
      new nn.BatchNorm2d(width),
      new nn.ReLU(),
    );
    this.stages = new nn.Sequential(
      block(width, width, 1),
      block(width, 2 * width, 2),
      block(2 * width, 4 * width, 2),
    );
    this.head = new nn.Sequential(
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(4 * width, classes),
    );
  }

  /** [N, channels, height, width] → logits [N, classes] */
  forward(x: Tensor): Tensor {
    return this.head.forward(this.stages.forward(this.stem.forward(x)));
  }
}
