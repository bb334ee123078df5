import { parseAst } from "vite";

/** A piece of a module's syntax tree (ESTree), as far as the build looks at it. */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly name?: string;
  readonly key?: Syntax;
  readonly value?: unknown;
  readonly properties?: readonly Syntax[];
  readonly computed?: boolean;
  readonly property?: Syntax;
  readonly params?: readonly Syntax[];
  readonly arguments?: readonly Syntax[];
  /** Of a declaration. */
  readonly id?: Syntax | null;
  readonly body?: Syntax[];
  readonly source?: Syntax;
  readonly specifiers?: readonly Syntax[];
  readonly local?: Syntax;
  readonly imported?: Syntax;
  readonly declaration?: Syntax | null;
  readonly declarations?: readonly { readonly init: Syntax | null }[];
}

/** `text` in place of what stands from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export const isSyntax = (x: unknown): x is Syntax =>
  typeof x === "object" && x !== null && typeof (x as Syntax).type === "string";

export const syntaxOf = (text: string): Syntax => parseAst(text) as unknown as Syntax;

export const childrenOf = (syntax: Syntax): Syntax[] =>
  Object.values(syntax).flat().filter(isSyntax);

/** Everything in a tree, but for what stands below pieces that `isLeft` names. */
export function* within(
  syntax: Syntax,
  isLeft: (piece: Syntax) => boolean = () => false,
): Generator<Syntax> {
  yield syntax;
  for (const child of childrenOf(syntax)) if (!isLeft(child)) yield* within(child, isLeft);
}

/** The value of an object literal's property; undefined where there is none. */
export function propertyOf(object: Syntax, name: string): Syntax | undefined {
  const found = object.properties?.find((property) => property.key?.name === name);
  return isSyntax(found?.value) ? found.value : undefined;
}

/** The names that an expression reads or declares: no property's. */
function* namesIn(syntax: Syntax): Generator<string> {
  if (syntax.type === "Identifier") yield syntax.name!;
  const property = syntax.computed ? undefined : (syntax.property ?? syntax.key);
  for (const child of childrenOf(syntax)) if (child !== property) yield* namesIn(child);
}

/** The names that an expression has from outside, such as those of imports and built-ins. */
export function freeNames(syntax: Syntax): string[] {
  const declared = [...within(syntax)].flatMap(({ params = [], id }) => [...params, id ?? []]);
  const own = new Set(declared.flat().flatMap((piece) => [...namesIn(piece)]));
  return [...new Set(namesIn(syntax))].filter((name) => !own.has(name));
}

export const isBuiltIn = (name: string): boolean => name in globalThis;

/** Leaves properties out of an object literal. */
export function* withoutProperties(object: Syntax, names: readonly string[]): Generator<Edit> {
  const properties = object.properties ?? [];
  for (const [i, property] of properties.entries()) {
    if (!names.includes(property.key?.name ?? "")) continue;
    // Up to the next property, or to the end of the object: the comma goes along.
    const end = properties[i + 1]?.start ?? object.end - 1;
    yield { start: property.start, end, text: "" };
  }
}

export function edited(text: string, edits: readonly Edit[]): string {
  let made = text;
  for (const { start, end, text: by } of edits.toSorted((a, b) => b.start - a.start)) {
    made = made.slice(0, start) + by + made.slice(end);
  }
  return made;
}
