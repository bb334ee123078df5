/** A docstring by its parts; texts are as written, on one line. */
export interface Docstring {
  /** What it is, with its formula. */
  readonly summary: string;
  /** Lines that are meant to stand as they are: examples. */
  readonly code: readonly string[];
  readonly params: readonly (readonly [string, string])[];
  readonly returns: string;
  readonly throws: string;
  readonly source: string;
}

const tag = /@(param|returns|throws) /;

export function readDocstring(lines: readonly string[]): Docstring {
  const code = lines.filter((line) => line.startsWith("    ")).map((line) => line.slice(4));
  const text = lines
    .filter((line) => !line.startsWith("    "))
    .map((line) => line.trim())
    .join(" ");
  const [, before, source = ""] = /^(.*?)(?:\s*Source: (.*?))?(?=(?:\s@\w|$))/.exec(text)!;
  const rest = text.slice(text.indexOf("@") < 0 ? text.length : text.indexOf("@"));
  const parts = {
    params: [] as [string, string][],
    returns: [] as string[],
    throws: [] as string[],
  };
  const sources = source === "" ? [] : [source];
  const words = rest.split(tag).slice(1);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [body, cited] = words[i + 1]!.trim().split(/\s*\bSource: /);
    if (cited !== undefined) sources.push(cited);
    if (words[i] === "returns") parts.returns.push(body!);
    else if (words[i] === "throws") parts.throws.push(body!);
    else parts.params.push([body!.split(" ")[0]!, body!.slice(body!.indexOf(" ") + 1)]);
  }
  return {
    summary: before!.trim(),
    code,
    params: parts.params,
    returns: parts.returns.join("; "),
    throws: parts.throws.join("; "),
    source: sources.join("; "),
  };
}
