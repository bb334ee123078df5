import { range } from "../indexText.ts";

/** Some neighbouring places of a thread, which lie in one vector. */
export interface Block {
  readonly first: number;
  readonly width: number;
}

/** Places as vectors of four, and what is left over. */
export const blocksOf = (places: number): Block[] =>
  range(Math.ceil(places / 4)).map((h) => ({ first: 4 * h, width: Math.min(4, places - 4 * h) }));

export const vectorOf = (width: number): string => (width === 1 ? "f32" : `vec${width}<f32>`);
