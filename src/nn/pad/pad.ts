import { PadNd, type Sides } from "./padNd.ts";

/** Zeros around the last axis. */
export class ZeroPad1d extends PadNd {
  constructor(padding: Sides) {
    super("ZeroPad1d", "constant", 1, padding);
  }
}

/** As `ZeroPad1d`, for the last two axes. */
export class ZeroPad2d extends PadNd {
  constructor(padding: Sides) {
    super("ZeroPad2d", "constant", 2, padding);
  }
}

/** As `ZeroPad1d`, for the last three axes. */
export class ZeroPad3d extends PadNd {
  constructor(padding: Sides) {
    super("ZeroPad3d", "constant", 3, padding);
  }
}

/** What lies on the other side of the edge, without the edge, around the last axis. */
export class ReflectionPad1d extends PadNd {
  constructor(padding: Sides) {
    super("ReflectionPad1d", "reflect", 1, padding);
  }
}

/** As `ReflectionPad1d`, for the last two axes. */
export class ReflectionPad2d extends PadNd {
  constructor(padding: Sides) {
    super("ReflectionPad2d", "reflect", 2, padding);
  }
}

/** As `ReflectionPad1d`, for the last three axes. */
export class ReflectionPad3d extends PadNd {
  constructor(padding: Sides) {
    super("ReflectionPad3d", "reflect", 3, padding);
  }
}

/** The edge again and again around the last axis. */
export class ReplicationPad1d extends PadNd {
  constructor(padding: Sides) {
    super("ReplicationPad1d", "replicate", 1, padding);
  }
}

/** As `ReplicationPad1d`, for the last two axes. */
export class ReplicationPad2d extends PadNd {
  constructor(padding: Sides) {
    super("ReplicationPad2d", "replicate", 2, padding);
  }
}

/** As `ReplicationPad1d`, for the last three axes. */
export class ReplicationPad3d extends PadNd {
  constructor(padding: Sides) {
    super("ReplicationPad3d", "replicate", 3, padding);
  }
}

/** What lies at the other end, around the last axis. */
export class CircularPad1d extends PadNd {
  constructor(padding: Sides) {
    super("CircularPad1d", "circular", 1, padding);
  }
}

/** As `CircularPad1d`, for the last two axes. */
export class CircularPad2d extends PadNd {
  constructor(padding: Sides) {
    super("CircularPad2d", "circular", 2, padding);
  }
}

/** As `CircularPad1d`, for the last three axes. */
export class CircularPad3d extends PadNd {
  constructor(padding: Sides) {
    super("CircularPad3d", "circular", 3, padding);
  }
}
