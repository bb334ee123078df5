import { repr } from "../repr.ts";
import { PadNd, type Sides } from "./padNd.ts";

/** What the layers share that pad with one value. */
abstract class ConstantPadNd extends PadNd {
  readonly value: number;

  constructor(name: string, axes: number, padding: Sides, value: number) {
    super(name, "constant", axes, padding);
    this.value = value;
  }

  protected override fill(): number {
    return this.value;
  }

  override toString(): string {
    return repr(this, [this.padding, this.value]);
  }
}

/** `value` around the last axis. */
export class ConstantPad1d extends ConstantPadNd {
  constructor(padding: Sides, value: number) {
    super("ConstantPad1d", 1, padding, value);
  }
}

/** As `ConstantPad1d`, for the last two axes. */
export class ConstantPad2d extends ConstantPadNd {
  constructor(padding: Sides, value: number) {
    super("ConstantPad2d", 2, padding, value);
  }
}

/** As `ConstantPad1d`, for the last three axes. */
export class ConstantPad3d extends ConstantPadNd {
  constructor(padding: Sides, value: number) {
    super("ConstantPad3d", 3, padding, value);
  }
}
