import type { Program } from "../core/ir.ts";
import type { CopyPlace, CopySpec } from "../gpu/spec.ts";

/** A value that a run's target number `target` wants. */
export interface Copy {
  readonly from: CopyPlace;
  readonly target: number;
  readonly bytes: number;
}

/**
 * Copies at the end of a plan, as if all were made at once: what lies where another copy writes
 * (two variables that swap), or in the buffer that it goes to, is kept in a bank of its own first.
 * @param banks the sizes of the plan's banks; one more may be added
 */
export function orderCopies(
  { homes, stores }: Program,
  wanted: readonly Copy[],
  banks: number[],
): CopySpec[] {
  const saves: CopySpec[] = [];
  const copies: CopySpec[] = [];
  const bank = banks.length;
  for (const { from, target, bytes } of wanted) {
    const to = { kind: "target", index: target, offset: 0 } as const;
    const { home, spot } = stores[target].place;
    // It is there already.
    if (from.kind === "source" && homes[from.index].spot === spot) continue;
    const isAtRisk =
      from.kind === "source"
        ? wanted.some((copy) => stores[copy.target].place.home === homes[from.index].home)
        : from.kind === "target" && stores[from.index].place.home === home;
    if (isAtRisk) {
      const kept = { kind: "bank", bank, offset: banks[bank] ?? 0 } as const;
      banks[bank] = kept.offset + bytes;
      saves.push({ from, to: kept, bytes });
      copies.push({ from: kept, to, bytes });
    } else copies.push({ from, to, bytes });
  }
  return [...saves, ...copies];
}
