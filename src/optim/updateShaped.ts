import { cast } from "../ops/elementwise/cast.ts";
import { Tensor } from "../tensor/tensor.ts";
import { mapValues, type Tensors, type UpdateAll } from "./update.ts";

/** Each parameter in its own shape; one without a gradient stays as it is. */
export const updateShaped: UpdateAll = (window, { rule, scalars }, before, progress) => {
  const { flat, slots, members, tables } = window;
  const flats = new Map([["p", flat.values], ["g", flat.gradients], ...slots]);
  const after = members.map(({ variable }, i): Tensors => {
    const own = mapValues(before, (t, name) => new Tensor(flats.get(name)!.segmentOf(t.node, i)));
    if (variable.grad === null) return own;
    const { size, shape } = variable;
    const flags = rule.flags(progress[i].group.options);
    const layers = { ends: [size], shapes: [shape], tables };
    const numbers = scalars.get(progress[i])!;
    return { ...own, ...(rule.rule(own, numbers, flags, layers) as Tensors) };
  });
  flats.delete("g");
  const packed = [...flats].map(([name, values]) => {
    const parts = after.map((own) => cast(own[name], values.dtype).node);
    return [name, new Tensor(values.pack(parts))];
  });
  return Object.fromEntries(packed);
};
