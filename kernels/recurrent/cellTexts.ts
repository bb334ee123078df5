/**
 * WGSL of one step of a recurrent cell, for one unit of one row (or four units side by side).
 * Saved for the backward pass, in this order: see `saved` of each cell.
 */

/** WGSL of the functions that cells are made of, at the kernel's width. */
export interface Squash {
  sigmoid(x: string): string;
  tanh(x: string): string;
  relu(x: string): string;
  /** `g` where a result y of relu is not 0, else 0. */
  passed(g: string, y: string): string;
}

/** Values by name that a step's text may use. */
export interface ForwardNames {
  /** x's part of gate `gate`. */
  x(gate: number): string;
  /** What is added to the state's part of gate `gate`. */
  bias(gate: number): string;
  /** The state's part of gate `gate`, without a bias. */
  part(gate: number): string;
  /** The unit's own state and cell before the step. */
  readonly h: string;
  readonly c: string;
}

export interface BackwardNames {
  /** d(loss) / d(new state), and d(loss) / d(new cell) without what comes through the state. */
  readonly dh: string;
  readonly dc: string;
  /** Block `block` of what the forward pass saved. */
  saved(block: number): string;
}

export interface CellText {
  /** Blocks of H columns in x. */
  readonly gates: number;
  /** Blocks of H columns that are saved; the last is the state before the step. */
  readonly saved: number;
  readonly hasCell: boolean;
  readonly hasBias: boolean;
  /** Declares `fresh` (the new state), `cell` where there is one, and gives the saved values. */
  forward(names: ForwardNames, squash: Squash): { lines: string; saved: readonly string[] };
  /**
   * Declares `slope0`, … (d/dx of each gate) and `direct`, what goes to the state before beside
   * the gates' way; `part` gives those of the state's part, `cell` d/d(cell before).
   */
  backward(names: BackwardNames, squash: Squash): BackwardText;
}

export interface BackwardText {
  readonly lines: string;
  readonly parts: readonly string[];
  readonly direct: string;
  readonly cell: string;
}

/** Saves i, f, g, o, c, h. */
const lstm: CellText = {
  gates: 4,
  saved: 6,
  hasCell: true,
  hasBias: false,
  forward: ({ x, part, h, c }, { sigmoid, tanh }) => ({
    lines: `
let gi = ${sigmoid(`${x(0)} + ${part(0)}`)};
let gf = ${sigmoid(`${x(1)} + ${part(1)}`)};
let gg = ${tanh(`${x(2)} + ${part(2)}`)};
let go = ${sigmoid(`${x(3)} + ${part(3)}`)};
let cell = gf * ${c} + gi * gg;
let fresh = go * ${tanh("cell")};`,
    saved: ["gi", "gf", "gg", "go", c, h],
  }),
  backward: ({ dh, dc, saved }, { tanh }) => ({
    lines: `
let gi = ${saved(0)};
let gf = ${saved(1)};
let gg = ${saved(2)};
let go = ${saved(3)};
let before = ${saved(4)};
let y = ${tanh("gf * before + gi * gg")};
let dcell = ${dc} + ${dh} * go * (1.0 - y * y);
let slope0 = dcell * gg * gi * (1.0 - gi);
let slope1 = dcell * before * gf * (1.0 - gf);
let slope2 = dcell * gi * (1.0 - gg * gg);
let slope3 = ${dh} * y * go * (1.0 - go);`,
    parts: ["slope0", "slope1", "slope2", "slope3"],
    direct: "",
    cell: "dcell * gf",
  }),
};

/** Saves r, z, n, U_n h + b_n, h. */
const gru: CellText = {
  gates: 3,
  saved: 5,
  hasCell: false,
  hasBias: true,
  forward: ({ x, bias, part, h }, { sigmoid, tanh }) => ({
    lines: `
let gr = ${sigmoid(`${x(0)} + (${bias(0)} + ${part(0)})`)};
let gz = ${sigmoid(`${x(1)} + (${bias(1)} + ${part(1)})`)};
let q = ${bias(2)} + ${part(2)};
let gn = ${tanh(`${x(2)} + gr * q`)};
let fresh = gn + gz * (${h} - gn);`,
    saved: ["gr", "gz", "gn", "q", h],
  }),
  backward: ({ dh, saved }) => ({
    lines: `
let gr = ${saved(0)};
let gz = ${saved(1)};
let gn = ${saved(2)};
let slope2 = ${dh} * (1.0 - gz) * (1.0 - gn * gn);
let slope0 = slope2 * ${saved(3)} * gr * (1.0 - gr);
let slope1 = ${dh} * (${saved(4)} - gn) * gz * (1.0 - gz);`,
    parts: ["slope0", "slope1", "slope2 * gr"],
    direct: `${dh} * gz`,
    cell: "",
  }),
};

/** Saves the new state and h. */
const elman = (rectified: boolean): CellText => ({
  gates: 1,
  saved: 2,
  hasCell: false,
  hasBias: false,
  forward: ({ x, part, h }, { tanh, relu }) => ({
    lines: `let fresh = ${(rectified ? relu : tanh)(`${x(0)} + ${part(0)}`)};`,
    saved: ["fresh", h],
  }),
  backward: ({ dh, saved }, { passed }) => ({
    lines: `
let y = ${saved(0)};
let slope0 = ${rectified ? passed(dh, "y") : `${dh} * (1.0 - y * y)`};`,
    parts: ["slope0"],
    direct: "",
    cell: "",
  }),
});

export type CellName = "lstm" | "gru" | "tanh" | "relu";

export const cellTexts = (name: CellName): CellText =>
  name === "lstm" ? lstm : name === "gru" ? gru : elman(name === "relu");
