// Shows backpropagation through a two-layer network as a person would write it down: the tape, the
// chain rule to one parameter, a drawing, and every step forwards and backwards.
//   npm run -s tape                   the tape and the chain rule
//   npm run -s tape -- dot > t.dot    the graph for Graphviz: dot -Tsvg t.dot > t.svg
//   npm run -s tape -- json           the tape as data, with all values
//   npm run -s tape -- steps          forwards and backwards, with values
import process from "node:process";
import { explain, init, losses, nn, relu, type Tape, type Tensor, tape, tensor } from "tapegrad";

class Net extends nn.Module {
  readonly hidden = new nn.Linear(2, 3);
  readonly out = new nn.Linear(3, 2);

  forward(x: Tensor): Tensor {
    const activations = relu(this.hidden.forward(x));
    return this.out.forward(activations);
  }
}

const device = await init({ device: "cpu", seed: 1 });
const model = new Net();
const x = tensor([
  [1, 2],
  [-1, 0.5],
  [0, -2],
]);
const labels = tensor([0, 1, 1], { dtype: "int32" });

const recorded = tape(() => losses.crossEntropy(model.forward(x), labels), {
  model,
  names: { x, labels },
});

/** What each op computed, then what each passes back: a lesson can stop at any of them. */
async function showSteps(steps: ReturnType<Tape["steps"]>): Promise<void> {
  for (const { direction, entry } of steps) {
    const { id, op, inputs, letters } = entry;
    if (direction === "forward") {
      const names = inputs.map((input) => input.name).join(", ");
      console.log(`${id} = ${op}(${names}) =`, round(await entry.value()));
      continue;
    }
    const g = round((await entry.gradient())!);
    const others = Object.entries(letters).filter(([letter, name]) => letter !== name);
    const where = others.map(([letter, name]) => `, ${letter} = ${name}`).join("");
    console.log(`g = dL/d${id} = ${g}${where}`);
    for (const input of inputs) {
      const passed = await input.gradient();
      if (passed) console.log(`  passes ${input.formula} to ${input.name} =`, round(passed));
    }
  }
}

const round = (values: Iterable<number>): string =>
  `[${Array.from(values, (value) => Number(value.toFixed(3))).join(", ")}]`;

const what = process.argv[2] ?? "text";
if (what === "dot") {
  console.log(await recorded.toDot({ norms: true }));
} else if (what === "json") {
  console.log(JSON.stringify(await recorded.toJSON({ values: true }), null, 2));
} else if (what === "steps") {
  await showSteps(recorded.steps());
} else if (what === "text") {
  console.log(`device: ${device}\n`);
  console.log(`${recorded}\n`);
  console.log(String(await explain(recorded, { parameter: "hidden.weight" }).withNorms()));
} else {
  console.error(`tape: unknown word "${what}". Use text, dot, json or steps.`);
  process.exitCode = 2;
}
