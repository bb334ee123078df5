import type { Node } from "../../../src/core/node.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

/** The recorded ops, one a line, in order: `%3 = mul(%1, %2) float32 [2, 3]`. */
export function listing(outputs: readonly Tensor[]): string {
  const found = new Set<Node>();
  const stack = outputs.map((t) => t.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    stack.push(...node.inputs);
  }
  const order = [...found].sort((a, b) => a.serial - b.serial);
  const name = (node: Node) => `%${order.indexOf(node)}`;
  const lines = order.map((node) => {
    const call = `${node.op.name}(${node.inputs.map(name).join(", ")})`;
    const isNumber = node.op.name === "scalar" || node.op.name === "constant";
    const attrs = isNumber ? ` ${node.value}` : node.key === "" ? "" : ` ${node.key}`;
    const grad = node.inputs.length === 0 && node.tracking === "tracked" ? ", a leaf" : "";
    return `${name(node)} = ${call}${attrs} ${node.dtype} [${node.shape.join(", ")}]${grad}`;
  });
  return [...lines, `outputs: ${outputs.map((t) => name(t.node)).join(", ")}`].join("\n");
}
