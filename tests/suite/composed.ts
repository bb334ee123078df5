import { NO_ATTRS, type RegisteredOp } from "../../src/tensor/op.ts";
import { activations } from "./compositions/activations.ts";
import { places } from "./compositions/indexing.ts";
import { losses } from "./compositions/losses.ts";
import { moves } from "./compositions/movement.ts";
import { reductions } from "./compositions/reductions.ts";

/** Functions of the public API that are made of several ops. */
export const compositions = (): RegisteredOp[] =>
  [...activations(), ...moves(), ...reductions(), ...places(), ...losses()].map(
    (c) => ({ ...c, attrs: NO_ATTRS }) as unknown as RegisteredOp,
  );
