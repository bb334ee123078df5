/**
 * WGSL of one step of a recurrent cell, for one unit of one row.
 * What a step saves for the backward pass is written at each cell.
 */

export type CellName = "lstm" | "gru" | "tanh" | "relu";

/** WGSL of the functions that cells are made of. */
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
  /** The state's part of gate `gate`, with its bias. */
  part(gate: number): string;
  /** The unit's own state and cell before the step. */
  readonly h: string;
  readonly c: string;
}

/** Declares `fresh`, the new state, and `cell` where there is one. */
export interface ForwardText {
  readonly lines: string;
  readonly saved: readonly string[];
}

export interface BackwardNames {
  /** d(loss) / d(new state), and d(loss) / d(new cell) without what comes through the state. */
  readonly dh: string;
  readonly dc: string;
  /** Block `block` of what the forward pass saved. */
  saved(block: number): string;
}

/** Declares `slope0`, …: d(loss) / d(x) of each gate. */
export interface BackwardText {
  readonly lines: string;
  /** d(loss) / d(the state's part) of each gate. */
  readonly parts: readonly string[];
  /** What goes to the state before, beside what comes through the gates. */
  readonly direct: string | null;
  /** d(loss) / d(the cell before). */
  readonly cell: string;
}

export interface CellText {
  /** Blocks of H columns in x. */
  readonly gates: number;
  readonly hasCell: boolean;
  forward(names: ForwardNames, squash: Squash): ForwardText;
  backward(names: BackwardNames, squash: Squash): BackwardText;
}

/** Saves i, f, g, o, c, h. */
const lstm: CellText = {
  gates: 4,
  hasCell: true,
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
    direct: null,
    cell: "dcell * gf",
  }),
};

/** Saves r, z, n, U_n h + b_n, h. */
const gru: CellText = {
  gates: 3,
  hasCell: false,
  forward: ({ x, part, h }, { sigmoid, tanh }) => ({
    lines: `
let gr = ${sigmoid(`${x(0)} + ${part(0)}`)};
let gz = ${sigmoid(`${x(1)} + ${part(1)}`)};
let q = ${part(2)};
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

/** Saves the new state (also where it is not kept) and h. */
const elman = (rectified: boolean): CellText => ({
  gates: 1,
  hasCell: false,
  forward: ({ x, part, h }, { tanh, relu }) => ({
    lines: `let fresh = ${(rectified ? relu : tanh)(`${x(0)} + ${part(0)}`)};`,
    saved: ["fresh", h],
  }),
  backward: ({ dh, saved }, { passed }) => ({
    lines: `
let y = ${saved(0)};
let slope0 = ${rectified ? passed(dh, "y") : `${dh} * (1.0 - y * y)`};`,
    parts: ["slope0"],
    direct: null,
    cell: "",
  }),
});

export const cellTexts = (name: CellName): CellText =>
  name === "lstm" ? lstm : name === "gru" ? gru : elman(name === "relu");
