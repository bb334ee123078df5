import type { Place, Program } from "../core/ir.ts";
import type { Storage } from "../core/node.ts";

/** Numbers buffers and addresses by identity, in order of appearance. */
class Places {
  readonly #homes: object[] = [];
  readonly #spots: Storage[] = [];

  home({ home }: Storage): number {
    const known = this.#homes.indexOf(home);
    return known < 0 ? this.#homes.push(home) - 1 : known;
  }

  spot(storage: Storage): number {
    for (let i = 0; i < this.#spots.length; i++) {
      const { home, offset } = this.#spots[i];
      if (home === storage.home && offset === storage.offset) return i;
    }
    return this.#spots.push(storage) - 1;
  }

  holds(place: Place, storage: Storage): boolean {
    const { start } = place;
    return (
      (start === null || start === storage.offset) &&
      place.home === this.home(storage) &&
      place.spot === this.spot(storage)
    );
  }

  clear(): void {
    this.#homes.length = 0;
    this.#spots.length = 0;
  }
}

type Targets = readonly { readonly target: Storage }[];

/** Which storages share a buffer or an address, as text. */
export function placesOf(sources: readonly Storage[], targets: Targets): string {
  const places = new Places();
  let text = "";
  const add = (s: Storage) => {
    text += `${places.home(s)}.${places.spot(s)},`;
  };
  for (const storage of sources) add(storage);
  for (const { target } of targets) add(target);
  return text;
}

/**
 * The same program over other memory: what shares a buffer may differ. `isFixed` tells of which
 * sources (by number) and targets the address may be written into kernels.
 */
export function withPlaces(
  program: Program,
  sources: readonly Storage[],
  targets: readonly Storage[],
  isFixed: (storage: Storage, source: number) => boolean,
): Program {
  const places = new Places();
  const place = (s: Storage, direct: boolean, source: number): Place => {
    const start = isFixed(s, source) ? s.offset : null;
    return { home: places.home(s), spot: places.spot(s), direct, start };
  };
  return {
    ...program,
    homes: sources.map((s, i) => place(s, true, i)),
    stores: program.stores.map(({ node, place: { direct } }, i) => ({
      node,
      place: place(targets[i], direct, -1),
    })),
  };
}

const present = new Places();

/** Whether these storages lie as the program's do. Asked at every replay: allocates nothing. */
export function liesAs(
  { homes, stores }: Program,
  sources: readonly Storage[],
  targets: readonly Storage[],
): boolean {
  let same = true;
  for (let i = 0; same && i < homes.length; i++) same = present.holds(homes[i], sources[i]);
  for (let i = 0; same && i < stores.length; i++) same = present.holds(stores[i].place, targets[i]);
  present.clear();
  return same;
}
