/** What both devices say of a label that is no class. */
export const labelOutside = (classes: number): string =>
  `crossEntropy: label outside 0..${classes - 1}. Keep every label at least 0 and below ${classes}, ` +
  "or pass ignoreIndex for rows to leave out: { ignoreIndex: -100 }.";
