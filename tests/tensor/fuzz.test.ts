import { describe, expect, it } from "vitest";
import { cases } from "./fuzz/cases.ts";
import { replayCases, search } from "./fuzz/search.ts";

// A fixed seed: the same graphs in every run, until someone asks for others.
const seed = Number(process.env.FUZZ_SEED ?? 1);
const count = Number(process.env.FUZZ_COUNT ?? 300);
const trained = Math.ceil(count / 10);

/** Shrinking a graph that fails takes long. */
const PATIENCE = 1_200_000;

describe("random graphs: fused, unfused and in float64", () => {
  it(
    `${cases.length} that once differed`,
    async () => {
      expect(await replayCases()).toEqual([]);
    },
    PATIENCE,
  );

  it(
    `${count} others, values and gradients`,
    async () => {
      expect(await search({ count, seed })).toBeNull();
      console.log(`fuzz: ${count} graphs, seed ${seed}, 0 differences`);
    },
    PATIENCE,
  );

  it(
    `${trained} trained, compiled and step by step`,
    async () => {
      expect(await search({ count: trained, seed, training: true })).toBeNull();
      console.log(`fuzz: ${trained} graphs trained, seed ${seed}, 0 differences`);
    },
    PATIENCE,
  );
});
