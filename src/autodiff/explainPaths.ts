import type { Tape } from "./tape.ts";
import type { TapeEntry, TapeInput } from "./tapeEntry.ts";

/** The part of a tape between its output and one value. */
export interface Chain {
  /** The entries that gradients pass on their way to the value, in order of recording. */
  readonly entries: readonly TapeEntry[];
  /** How many ways lead from the output to the value. */
  readonly pathCount: bigint;
  /** The first of them: the ids of the values on it, from the output to the value. */
  readonly paths: readonly (readonly string[])[];
}

/** Paths beyond these are counted only: a network with shortcuts has a great many. */
const MOST_PATHS = 6;

/** @param targets ids of the value: several where a variable was used with two of its values */
export function chainTo(tape: Tape, targets: ReadonlySet<string>): Chain {
  const counts = new Map<string, bigint>([...targets].map((id) => [id, 1n]));
  const leads = (input: TapeInput): boolean => input.outgoing !== null && counts.has(idOf(input));
  const entries = tape.entries.filter((entry) => {
    if (counts.has(entry.id)) return false;
    const inputs = entry.inputs.filter(leads);
    if (inputs.length === 0) return false;
    counts.set(
      entry.id,
      inputs.reduce((sum, input) => sum + counts.get(idOf(input))!, 0n),
    );
    return true;
  });
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const from = idOfOutput(tape);
  const paths = someOf(pathsDown(from, (id) => (byId.get(id)?.inputs ?? []).filter(leads)));
  return { entries, pathCount: counts.get(from) ?? 0n, paths };
}

const idOf = ({ source, entry }: TapeInput): string => source ?? `%${entry}`;

/** The id of what the tape's function returned. */
export function idOfOutput({ entries, sources, output: { node } }: Tape): string {
  const entry = entries.find(({ output }) => output.node === node);
  return entry?.id ?? sources.find(({ tensor }) => tensor.node === node)!.id;
}

/** Depth first without recursion: a network may be thousands of steps deep. */
function* pathsDown(
  from: string,
  inputsOf: (id: string) => readonly TapeInput[],
): Generator<string[]> {
  const stack = [{ id: from, inputs: inputsOf(from), next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.inputs[top.next++];
    if (top.inputs.length === 0) yield stack.map(({ id }) => id);
    if (input === undefined) stack.pop();
    else stack.push({ id: idOf(input), inputs: inputsOf(idOf(input)), next: 0 });
  }
}

function someOf(paths: Generator<string[]>): string[][] {
  const found: string[][] = [];
  for (const path of paths) {
    found.push(path);
    if (found.length === MOST_PATHS) break;
  }
  return found;
}
