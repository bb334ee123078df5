import type { KernelText } from "./machine.ts";

/** The largest of each 2 x 2 block of [batch, side, side, channels]: a thread takes a vec4f. */
export function maxPool(
  input: GPUBuffer,
  output: GPUBuffer,
  { batch, side, channels }: { batch: number; side: number; channels: number },
): KernelText {
  const [half, quads] = [side / 2, channels / 4];
  const count = batch * half * half * quads;
  return {
    label: "maximum of 2 x 2",
    bindings: [
      { name: "x", buffer: input },
      { name: "out", buffer: output, write: true },
    ],
    workgroupSize: [64, 1],
    grid: [Math.ceil(count / 64)],
    body: `
if (gid.x >= ${count}u) { return; }
let c = gid.x % ${quads}u;
let place = gid.x / ${quads}u;
let at = (place / ${half}u * ${2 * side}u + place % ${half}u * 2u) * ${quads}u + c;
let top = max(x[at], x[at + ${quads}u]);
let bottom = max(x[at + ${side * quads}u], x[at + ${(side + 1) * quads}u]);
out[gid.x] = max(top, bottom);`,
  };
}

/** The gradient `rest` of a maximum goes to the first of its elements that has the value
 *  `largest`; `use` gets the index of each element and its gradient. */
export const takeFirstMaximum = (
  places: readonly string[],
  values: string,
  use: (at: string, index: number, gradient: string) => string,
): string =>
  places
    .map(
      (at, index) => `{
  let hit = ${values}[${at}] == largest;
  let d = select(vec4f(0), rest, hit);
  rest = select(rest, vec4f(0), hit);
  ${use(at, index, "d")}
}`,
    )
    .join("\n");
