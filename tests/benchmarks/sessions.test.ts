import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Entrant } from "../../benchmarks/bench/entrant.ts";
import { GivenUp, ProcessSession } from "../../benchmarks/bench/session.ts";
import { debianCodename, debianSource } from "../../scripts/provideLavapipe.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-"));
let session: ProcessSession | undefined;

afterEach(() => session?.close());

/** A side's process in which `answer` of a request is this text of JavaScript. */
function open(answer: string): ProcessSession {
  const file = join(folder, `${Math.random()}.mjs`);
  writeFileSync(
    file,
    `import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const reply = ${answer};
  if (reply) console.log(JSON.stringify(reply));
}`,
  );
  session = new ProcessSession(file, { GIVEN: "yes" });
  return session;
}

describe("a session of a side", () => {
  it("answers requests in turn, in the environment it was given", async () => {
    const asked = open("{ ok: { megabytes: process.env.GIVEN + request.type } }");
    expect(await asked.ask("memory", {})).toEqual({ megabytes: "yesmemory" });
    expect(await asked.ask("launches", {})).toEqual({ megabytes: "yeslaunches" });
  });

  it("passes on what a side reports as an error", async () => {
    await expect(open('{ error: "no adapter" }').ask("memory", {})).rejects.toThrow("no adapter");
  });

  it("says that a process ended, and its last words", async () => {
    const ending = open('(console.error("out of luck"), process.exit(3))');
    await expect(ending.ask("memory", {})).rejects.toThrow(/its process ended: out of luck/);
  });

  it("gives up a side that does not answer", async () => {
    await expect(open("null").ask("memory", {}, 50)).rejects.toThrow(GivenUp);
  });
});

describe("a side in a case", () => {
  it("is out once it is given up or fails, and the others go on", async () => {
    const late = new Entrant("jax-js", async () => open("null"));
    await late.prepare("mlp", 50);
    expect(late.outcome).toEqual({ givenUp: "no answer in 0 s" });
    const broken = new Entrant("jax-js", async () => open('{ error: "broken" }'));
    await broken.prepare("mlp");
    await broken.attempt(async () => broken.add(1));
    expect(broken.outcome).toEqual({ failed: "broken" });
  });
});

describe("Debian's backports for lavapipe", () => {
  const release = 'PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n';
  const source = { mirror: "http://mirror.example/debian", options: "" };

  it("are those of the release", () => {
    expect(debianCodename(release)).toBe("bookworm");
    expect(debianCodename(release.replace("debian", "ubuntu"))).toBe(null);
  });

  it("come from the mirror that the machine names, in either format", () => {
    const lines = `deb-src ${source.mirror} bookworm main\ndeb ${source.mirror} bookworm main\n`;
    expect(debianSource(["", lines], "bookworm")).toEqual(source);
    const signed = `deb [signed-by=/key.gpg] ${source.mirror} bookworm main\n`;
    const options = "[signed-by=/key.gpg]";
    expect(debianSource([signed], "bookworm")).toEqual({ ...source, options });
    const stanza =
      `Types: deb\nURIs: ${source.mirror}\nSuites: bookworm bookworm-updates\n` +
      "Components: main\nSigned-By: /key.gpg\n";
    const security = stanza.replace("bookworm bookworm-updates", "bookworm-security");
    expect(debianSource([`${security}\n${stanza}`], "bookworm")).toEqual({ ...source, options });
    expect(debianSource([security], "bookworm")).toBe(null);
  });
});
