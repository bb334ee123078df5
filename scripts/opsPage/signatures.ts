import type { Declaration, Declarations } from "./declarations.ts";
import type { Binding, Syntax } from "./modules.ts";

/** The parts of a function's type. */
interface FunctionType {
  /** `<O extends Options>`, or nothing. */
  readonly generics: string;
  readonly parameters: readonly string[];
  readonly result: string;
}

const CLOSES: Readonly<Record<string, string>> = { "(": ")", "<": ">", "{": "}", "[": "]" };

/** The place behind the bracket that closes the one at `start`. */
function behind(text: string, start: number): number {
  const stack: string[] = [];
  for (let at = start; at < text.length; at++) {
    const c = text[at]!;
    if (c in CLOSES) stack.push(CLOSES[c]!);
    else if (c === stack.at(-1) && text[at - 1] !== "=") stack.pop();
    if (stack.length === 0) return at + 1;
  }
  return text.length;
}

/** Splits at commas outside of brackets. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at]! in CLOSES) at = behind(text, at) - 1;
    else if (text[at] === ",") {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter((part) => part !== "");
}

/** On one line, without comments and `readonly`. */
export const plainType = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/\breadonly /g, "")
    .replace(/; \}/g, " }")
    .trim();

/** `(a: A, b?: B) => R`, perhaps with type parameters in front. */
function functionType(text: string): FunctionType | null {
  const open = text.startsWith("<") ? behind(text, 0) : 0;
  if (text[open] !== "(") return null;
  const close = behind(text, open);
  const result = /^\s*(?:=>|:)\s*([\s\S]*)$/.exec(text.slice(close))?.[1];
  if (result === undefined) return null;
  const parameters = splitList(text.slice(open + 1, close - 1));
  return { generics: plainType(text.slice(0, open)), parameters, result };
}

/** The function that a constant's type stands for. */
function resolved(type: string, file: string, all: Declarations): FunctionType | null {
  const direct = functionType(type);
  if (direct !== null) return direct;
  const named = /^(typeof )?(\w+)$/.exec(type);
  const found = named === null ? null : all.find(file, named[2]!);
  if (found === null) return null;
  const [text] = found.texts;
  if (found.kind === "function") return functionType(text!.slice(`function ${found.name}`.length));
  const body = /^(?:type|const) \w+(?:<[^=]*>)?(?: =|:) ([\s\S]*)$/.exec(text!)?.[1];
  return body === undefined ? null : resolved(body, found.file, all);
}

/** Defaults of which a number, text or truth value tells the type. */
const isPlain = ({ type }: Syntax, written: string): boolean =>
  /^(number|boolean|string)$/.test(written) && /^(Literal|UnaryExpression)$/.test(type);

/** A parameter with its default, as the source gives it. */
function parameter(text: string, syntax: Syntax | undefined, source: Binding | null): string {
  const named = /^(\.\.\.)?(\{[\s\S]*?\}|\[[\s\S]*?\]|\w+)(\?)?: ([\s\S]*)$/.exec(text);
  if (named === null) return plainType(text);
  const [, rest = "", name, optional = "", type] = named;
  const written = plainType(type!);
  if (syntax?.type !== "AssignmentPattern" || source === null) {
    if (name!.startsWith("{") && optional) return `${plainType(name!)}: ${written} = {}`;
    return `${rest}${plainType(name!)}${optional}: ${written}`;
  }
  const { left, right } = syntax as unknown as { left: Syntax; right: Syntax };
  const given = plainType(source.text(right));
  if (left.type === "ObjectPattern")
    return `${plainType(source.text(left))}: ${written} = ${given}`;
  if (given === "{}") return `${name}?: ${written}`;
  return isPlain(right, written) ? `${name} = ${given}` : `${name}: ${written} = ${given}`;
}

/** What a declaration is called with: where it is read, and what its operands are called. */
export interface Origin {
  readonly source: Binding | null;
  readonly operands: readonly string[] | undefined;
}

/** Every signature of a declaration as `name(parameters): Result`. */
export function signaturesOf(
  name: string,
  declaration: Declaration,
  { source, operands }: Origin,
  all: Declarations,
): string[] {
  const { kind, texts, file } = declaration;
  const params = (source?.syntax.params as readonly Syntax[] | undefined) ?? [];
  return texts.map((text) => {
    if (kind === "class") return `new ${name}${/constructor(\([^)]*\))/.exec(text)?.[1] ?? "()"}`;
    const type = text.slice(`${kind} ${declaration.name}`.length).replace(/^: /, "");
    const found = resolved(type, file, all);
    if (found === null) return `${name}: ${plainType(type)}`;
    const written = found.parameters.map((p, i) => {
      const named = operands?.[i] === undefined ? p : p.replace(/^\w+/, operands[i]);
      return parameter(named, texts.length === 1 ? params[i] : undefined, source);
    });
    return `${name}${found.generics}(${written.join(", ")}): ${plainType(found.result)}`;
  });
}

/** The names of types in a signature that a declaration of the library explains. */
export function typesIn(signature: string, file: string, all: Declarations): Declaration[] {
  return [...new Set(signature.match(/\b[A-Z]\w+/g))].flatMap((name) => {
    const found = all.find(file, name);
    return found?.kind === "type" || found?.kind === "interface" ? [found] : [];
  });
}
