/** Offsets within an arena must suit binding offsets. */
const ALIGN = 256;

export interface Span {
  readonly bank: number;
  readonly offset: number;
  readonly size: number;
}

/** A value that wants memory from launch `from` to launch `until`. */
export interface Wish {
  readonly bytes: number;
  readonly from: number;
  until: number;
  /** Values that may not lie in its bank: no launch may read a bank that it writes. */
  readonly apart: Set<string>;
}

interface Placed extends Span {
  readonly wish: Wish;
}

/**
 * Fixed places in a few buffers ("banks") for values that live for a part of a plan. The largest
 * are placed first, each where the banks grow least (greedy by size: Pisarchyk and Lee 2020,
 * arXiv:2001.03288), so that small values fill the gaps between large ones and not the reverse.
 */
export class Arena {
  readonly spans = new Map<string, Span>();
  /** The bytes of each bank. */
  readonly sizes: number[] = [];
  readonly #maxBytes: number;
  readonly #banks: Placed[][] = [];

  constructor(wishes: ReadonlyMap<string, Wish>, maxBytes: number) {
    this.#maxBytes = maxBytes;
    const bySize = [...wishes].sort(([, a], [, b]) => b.bytes - a.bytes || a.from - b.from);
    for (const [key, wish] of bySize) this.#place(key, wish);
  }

  #place(key: string, wish: Wish): void {
    const size = Math.max(Math.ceil(wish.bytes / ALIGN), 1) * ALIGN;
    const taken = new Set([...wish.apart].map((other) => this.spans.get(other)?.bank));
    let best: Span | null = null;
    let least = Number.POSITIVE_INFINITY;
    // One bank more than there are: a new one is always possible.
    for (let bank = 0; bank <= this.#banks.length; bank++) {
      if (taken.has(bank)) continue;
      const offset = this.#gap(this.#banks[bank] ?? [], wish, size);
      if (offset > 0 && offset + size > this.#maxBytes) continue;
      const growth = Math.max(0, offset + size - (this.sizes[bank] ?? 0));
      if (growth >= least) continue;
      least = growth;
      best = { bank, offset, size };
    }
    const { bank, offset } = best!;
    const list = this.#banks[bank] ?? [];
    this.#banks[bank] = list;
    list.push({ ...best!, wish });
    this.sizes[bank] = Math.max(this.sizes[bank] ?? 0, offset + size);
    this.spans.set(key, best!);
  }

  /** The first gap that is large enough between what lives at the same time. */
  #gap(bank: readonly Placed[], { from, until }: Wish, size: number): number {
    const beside = bank
      .filter(({ wish }) => wish.from <= until && from <= wish.until)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const held of beside) {
      if (held.offset - offset >= size) break;
      offset = Math.max(offset, held.offset + held.size);
    }
    return offset;
  }
}
