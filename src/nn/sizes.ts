import { ValueError } from "../core/errors.ts";

/** @throws ValueError unless all these arguments of a layer are whole numbers of at least `least` */
export function checkSizes(
  layer: string,
  sizes: Readonly<Record<string, number>>,
  least: number,
): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isInteger(size) && size >= least) continue;
    throw new ValueError(
      `${layer}: ${name} is not a whole number of at least ${least}; got ${size}. ` +
        `Give for example ${name} ${Math.max(least, 8)}.`,
    );
  }
}
