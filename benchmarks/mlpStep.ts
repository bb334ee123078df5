import { compile, losses, manualSeed, nn, optim, type Tensor, tensor } from "tapegrad";

export interface MlpOptions {
  readonly compiled: boolean;
  readonly batch?: number;
  /** Sizes of the layers, inputs first. */
  readonly sizes?: readonly number[];
  readonly dropout?: number;
}

/** A training step: forward, cross-entropy, backward, clipping by global norm, Adam. */
export interface MlpStep {
  readonly model: nn.Sequential;
  /** Resolves with the loss when the step is enqueued. */
  step(): Promise<Tensor>;
}

/** Numbers that look random and are the same everywhere. */
const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (Math.sin(i * 12.9898 + 1) * 43758.5453) % 1);

function layers(sizes: readonly number[], dropout: number): nn.Sequential {
  const made: nn.Module[] = [];
  for (let i = 1; i < sizes.length; i++) {
    if (i > 1) made.push(new nn.ReLU());
    if (i > 1 && dropout > 0) made.push(new nn.Dropout(dropout));
    made.push(new nn.Linear(sizes[i - 1], sizes[i]));
  }
  return new nn.Sequential(...(made as ConstructorParameters<typeof nn.Sequential>));
}

/** The step of a classifier, 784-256-128-10 on a batch of 128 unless told otherwise. */
export function mlpStep(options: MlpOptions): MlpStep {
  const { batch = 128, sizes = [784, 256, 128, 10], dropout = 0 } = options;
  manualSeed(0);
  const model = layers(sizes, dropout);
  const parameters = [...model.parameters()];
  const adam = new optim.Adam(parameters, { lr: 1e-3 });
  const classes = sizes.at(-1) as number;
  const x = tensor(numbers(batch * sizes[0]), { shape: [batch, sizes[0]] });
  const y = tensor(Int32Array.from({ length: batch }, (_, i) => i % classes));
  const record = (x: Tensor, y: Tensor) => {
    const loss = losses.crossEntropy(model.forward(x), y);
    adam.zeroGrad();
    loss.backward();
    optim.clipGradNorm(parameters, 1);
    return { loss, done: adam.step() };
  };
  const compiled = compile((x: Tensor, y: Tensor) => record(x, y).loss);
  const plain = async () => {
    const { loss, done } = record(x, y);
    await done;
    return loss;
  };
  return { model, step: options.compiled ? () => compiled(x, y) : plain };
}
