// Are the peers as fast here as they can be? A benchmark that holds them back proves nothing.

import type { Row } from "./report.ts";
import type { PeerName } from "./sides.ts";
import { peerNames } from "./sides.ts";

/** Milliseconds of a peer, and of the hand-written row beside it, on a quiet machine of 2 cores. */
interface Expected {
  readonly limit: number;
  readonly peers: Readonly<Record<PeerName, number>>;
}

const of = (limit: number, jaxJs: number, tensorflow: number): Expected => ({
  limit,
  peers: { "jax-js": jaxJs, "TensorFlow.js": tensorflow },
});

/** jax-js 0.1.25 with the whole step jitted, TensorFlow.js 4.22.0. */
const expected: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  swiftshader: {
    matmul1024: of(510, 1017, 3605),
    bmm64: of(11.6, 19, 119),
    elementwise: of(24, 77, 333),
    sum: of(7.5, 10.8, 45),
    softmax: of(11.3, 49, 119),
    conv: of(82, 234, 647),
    convTrain: of(253, 696, 2932),
    mlp: of(41.7, 95, 454),
    cnn: of(140, 656, 4322),
    lstm: of(195, 829, 3499),
  },
  lavapipe: {
    matmul1024: of(210, 446, 446),
    bmm64: of(4.0, 8.5, 9.5),
    elementwise: of(7.7, 24, 107),
    sum: of(2.2, 4.2, 8.6),
    softmax: of(3.0, 19, 14),
    conv: of(32, 101, 88),
    convTrain: of(93, 238, 561),
    mlp: of(18, 41, 54),
    cnn: of(47.5, 154, 467),
    lstm: of(92, 320, 420),
  },
};

/** How much slower than expected a peer may be. */
const ALLOWED = 1.25;

/** Peers that are slower than they were beside the hand-written row: times of different machines
 *  cannot be compared, but what they are of each other can. */
export function slowPeers(adapter: string, rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, spread }) => {
    const known = expected[adapter]?.[name];
    // The fastest block of each side: it is disturbed least.
    const limit = spread.limit?.[0];
    if (!known || limit === undefined) return [];
    const scale = limit / known.limit;
    return peerNames.flatMap((peer) => {
      const measured = spread[peer]?.[0];
      const most = ALLOWED * scale * known.peers[peer];
      if (measured === undefined || measured <= most) return [];
      return [
        `${name}: ${peer} takes ${measured} ms, more than the ${most.toPrecision(3)} ms expected ` +
          `beside ${limit} ms by hand (a quarter over its share elsewhere). Is it held back?`,
      ];
    });
  });
}
