/** One text for each of 0 ... count - 1, one below the other: loops that are unrolled. */
export const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join("\n");

/** Component `index` of a vec4f. */
export const lane = (index: number): string => "xyzw"[index % 4];

/** A vec4f of four texts. */
export const vec4 = (text: (index: number) => string): string =>
  `vec4f(${[0, 1, 2, 3].map(text).join(", ")})`;

export const zero = "vec4f(0)";
