/** Offsets within an arena must suit binding offsets. */
const ALIGN = 256;

export interface Span {
  readonly bank: number;
  readonly offset: number;
  readonly size: number;
}

interface Held extends Span {
  readonly until: number;
}

/**
 * Gives values fixed places in a few buffers ("banks") for as long as they live. A launch may
 * not read a bank that it writes, so a value goes to a bank that its launch does not read.
 */
export class Arena {
  readonly sizes: number[] = [];
  readonly #maxBytes: number;
  #held: Held[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A place from launch `now` to launch `until`, outside the `avoid`ed banks. */
  place(bytes: number, now: number, until: number, avoid: ReadonlySet<number>): Span {
    this.#held = this.#held.filter((h) => h.until >= now);
    const size = Math.max(Math.ceil(bytes / ALIGN), 1) * ALIGN;
    let bank = 0;
    let offset = this.#gap(bank, size);
    while (avoid.has(bank) || (offset > 0 && offset + size > this.#maxBytes)) {
      bank++;
      offset = this.#gap(bank, size);
    }
    const span = { bank, offset, size };
    this.#held.push({ ...span, until });
    while (this.sizes.length <= bank) this.sizes.push(0);
    this.sizes[bank] = Math.max(this.sizes[bank], offset + size);
    return span;
  }

  /** The first gap between what is held that is large enough. */
  #gap(bank: number, size: number): number {
    const held = this.#held.filter((h) => h.bank === bank).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const h of held) {
      if (h.offset - offset >= size) break;
      offset = Math.max(offset, h.offset + h.size);
    }
    return offset;
  }
}
