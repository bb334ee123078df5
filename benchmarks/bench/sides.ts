/** The modules of the sides, by the names under which they are reported. */
export const sideFiles = {
  tapegrad: "tapegrad",
  "jax-js": "jaxJs",
  "TensorFlow.js": "tensorflow",
  limit: "handwritten",
} as const;

export type SideName = keyof typeof sideFiles;

export const sideNames = Object.keys(sideFiles) as SideName[];

/** What tapegrad is compared with. */
export const peerNames = ["jax-js", "TensorFlow.js"] as const satisfies readonly SideName[];

export type PeerName = (typeof peerNames)[number];
