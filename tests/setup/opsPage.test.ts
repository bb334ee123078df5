import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { withLists } from "../../scripts/opsPage/differencesPage.ts";
import { type Contents, readContents } from "../../scripts/opsPage/entries.ts";
import { errorsOf, undocumented } from "../../scripts/opsPage/facts.ts";
import { pageOf } from "../../scripts/opsPage/page.ts";
import { needlessExceptions } from "../../scripts/opsPage/torchNames.ts";
import { plainName, torchFunctions } from "../../scripts/oracle/adapters/index.ts";
import * as ops from "../../src/ops/index.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

let contents: Contents;
beforeAll(() => {
  contents = readContents();
});

describe("the page of all ops", () => {
  it("is what the definitions say", () => {
    const same = pageOf(contents) === read("ops.md");
    expect(same, "docs/ops.md is out of date: run `npm run -s docs`").toBe(true);
  });

  it("has every public function, and no other", () => {
    const names = contents.entries.flatMap((e) => [e.name, ...e.aliases]);
    const isNamespace = (name: string) => typeof Reflect.get(ops, name) === "object";
    const members = Object.keys(ops.linalg).map((name) => `linalg.${name}`);
    const exported = Object.keys(ops).filter((n) => n === "defaultGenerator" || !isNamespace(n));
    expect(names.sort()).toEqual([...exported, ...members].sort());
  });

  it("says of every function what it computes and what it does with bad input", () => {
    const silent = contents.entries.filter((e) => errorsOf(e) === null).map(undocumented);
    const empty = contents.entries.filter((e) => e.doc.summary === "").map((e) => e.name);
    expect(silent).toEqual([]);
    expect(empty).toEqual([]);
  });

  it("knows where every op is defined, and what differentiates it", () => {
    const lost = contents.primitives.filter(({ file }) => !existsSync(file)).map((p) => p.op.name);
    expect(lost).toEqual([]);
  });

  it("gives each heading an anchor of its own, and links only to those there are", () => {
    const page = read("ops.md");
    const headings = [...page.matchAll(/^#+ (?:\[(.*?)\]\(|(.*))/gm)].map((m) => m[1] ?? m[2]!);
    const anchors = headings.map((h) => h.toLowerCase().replace(/[^a-z0-9 -]/g, ""));
    const spaced = anchors.map((a) => a.replaceAll(" ", "-"));
    expect(spaced.filter((a, i) => spaced.indexOf(a) !== i)).toEqual([]);
    const ids = [...page.matchAll(/<a id="([^"]+)">/g)].map((m) => m[1]!);
    const known = new Set([...spaced, ...ids]);
    const broken = [...page.matchAll(/\]\(#([^)]+)\)/g)].filter((m) => !known.has(m[1]!));
    expect(broken.map((m) => m[0])).toEqual([]);
  });
});

describe("PyTorch's names", () => {
  it("are there for every function that a golden case can name", () => {
    const named = contents.entries.flatMap((e) => e.torch);
    const isThere = (name: string) => named.some((full) => full.endsWith(`.${name}`));
    // Operators, which have no name of their own.
    const isOperator = (name: string) => /^(__|custom\.|slice$)/.test(name);
    expect(torchFunctions().filter((n) => !isOperator(n) && !isThere(plainName(n)))).toEqual([]);
  });

  it("are listed as exceptions only where the rule does not give them", () => {
    const families = contents.entries.flatMap((e) =>
      [e.name, ...e.aliases].map((n) => [n, e.family] as const),
    );
    expect(needlessExceptions(new Map(families))).toEqual([]);
  });
});

describe("the page of differences", () => {
  it("lists the async functions and the golden cases that differ", () => {
    const page = read("differences.md");
    const same = withLists(page, contents) === page;
    expect(same, "docs/differences.md is out of date: run `npm run -s docs`").toBe(true);
  });
});
