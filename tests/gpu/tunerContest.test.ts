import { expect, it } from "vitest";
import { type Contestant, contest } from "../../src/gpu/tuner/contest.ts";

/** A launch that takes `ms`, on a machine that gets in the way as `disturb` says. */
function racer(name: string, ms: number, disturb: (measurement: number) => number = () => 1) {
  let runs = 0;
  let asked = 0;
  const contestant: Contestant = {
    name,
    time: async (repeats) => {
      runs += repeats;
      return ms * repeats * disturb(asked++);
    },
  };
  return Object.assign(contestant, { runs: () => runs });
}

const winnerOf = async (...racers: Contestant[]) => (await contest(racers)).winner;

it("the fastest wins, and the first one where the difference is small", async () => {
  expect(await winnerOf(racer("a", 3), racer("b", 1), racer("c", 2))).toBe("b");
  expect(await winnerOf(racer("a", 1), racer("b", 0.98))).toBe("a");
  expect(await winnerOf(racer("a", 1), racer("b", 0.96))).toBe("b");
  expect(await winnerOf(racer("a", 1))).toBe("a");
});

it("times are of one launch", async () => {
  const { times } = await contest([racer("a", 0.01), racer("b", 0.02), racer("c", 500)]);
  expect(times.a).toBeCloseTo(0.01, 12);
  expect(times.b).toBeCloseTo(0.02, 12);
  expect(times.c).toBe(500);
});

it("a busy machine does not make equal ones differ", async () => {
  // Every third measurement takes up to 20 times as long, elsewhere for each.
  const busy = (shift: number) => (i: number) => ((i + shift) % 3 === 0 ? 5 + ((i * 7) % 15) : 1);
  for (let shift = 0; shift < 3; shift++) {
    expect(await winnerOf(racer("a", 1, busy(0)), racer("b", 1, busy(shift)))).toBe("a");
    expect(await winnerOf(racer("a", 1, busy(shift)), racer("b", 0.5, busy(1)))).toBe("b");
  }
});

it("luck that does not come again is none", async () => {
  const lucky = (i: number) => (i === 6 ? 0.5 : 1);
  expect(await winnerOf(racer("a", 10), racer("b", 10, lucky))).toBe("a");
});

it("what is hopeless is not run on", async () => {
  const slow = racer("slow", 400);
  const steady = racer("steady", 100);
  expect(await winnerOf(slow, steady)).toBe("steady");
  // A warm-up and an estimate; the other one in three rounds as well.
  expect([slow.runs(), steady.runs()]).toEqual([2, 3]);
});

it("an adapter that takes no time at all keeps the static choice", async () => {
  expect(await winnerOf(racer("a", 0), racer("b", 0))).toBe("a");
});
