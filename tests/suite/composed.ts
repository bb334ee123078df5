import { NO_ATTRS, type RegisteredOp } from "../../src/tensor/op.ts";
import { activations } from "./compositions/activations.ts";
import { attentions } from "./compositions/attention.ts";
import { convolutions } from "./compositions/conv.ts";
import { elementwise } from "./compositions/elementwise.ts";
import { places } from "./compositions/indexing.ts";
import { linearAlgebra } from "./compositions/linalg.ts";
import { losses } from "./compositions/losses.ts";
import { moves } from "./compositions/movement.ts";
import { norms } from "./compositions/norm.ts";
import { pools } from "./compositions/pool.ts";
import { recurrent } from "./compositions/recurrent.ts";
import { reductions } from "./compositions/reductions.ts";
import { resamplings } from "./compositions/resample.ts";
import { scans } from "./compositions/scans.ts";
import { sorting } from "./compositions/sorting.ts";

/** Functions of the public API that are made of several ops. */
export const compositions = (): RegisteredOp[] =>
  [
    ...activations(),
    ...attentions(),
    ...convolutions(),
    ...elementwise(),
    ...moves(),
    ...recurrent(),
    ...reductions(),
    ...places(),
    ...linearAlgebra(),
    ...losses(),
    ...norms(),
    ...pools(),
    ...resamplings(),
    ...scans(),
    ...sorting(),
  ].map((c) => ({ ...c, attrs: NO_ATTRS }) as unknown as RegisteredOp);
