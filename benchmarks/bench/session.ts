import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Answers, Reply, Request, Requests, RequestType } from "../sides/protocol.ts";

/** A side in a process or page of its own. */
export interface Session {
  /** @throws GivenUp when there is no answer in time; an Error when the side reports one. */
  ask<Type extends RequestType>(
    type: Type,
    request: Requests[Type],
    capMs?: number,
  ): Promise<Answers[Type]>;
  close(): Promise<void>;
}

/** A side that takes longer than it may. */
export class GivenUp extends Error {}

/** Rejects after a time, unless `work` ends before. */
export async function within<T>(capMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new GivenUp(`no answer in ${Math.round(capMs / 1000)} s`);
    timer = setTimeout(() => reject(error), capMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const DEFAULT_CAP_MS = 180_000;
const KEPT_ERRORS = 2000;

/** Runs `file`, a bundle for Node, with these variables beside this process's own. */
export class ProcessSession implements Session {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #errors = "";

  constructor(file: string, variables: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [file], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...variables },
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stderr!.on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERRORS);
    });
    // A side that died is noticed by the end of its output.
    this.#child.stdin!.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ask<Type extends RequestType>(
    type: Type,
    request: Requests[Type],
    capMs = DEFAULT_CAP_MS,
  ): Promise<Answers[Type]> {
    this.#child.stdin!.write(`${JSON.stringify({ type, ...request } as Request)}\n`);
    const { value, done } = await within(capMs, this.#lines.next());
    if (done) throw new Error(`its process ended: ${this.#errors.trim() || "without a word"}`);
    const reply = JSON.parse(value) as Reply;
    if ("error" in reply) throw new Error(reply.error);
    return reply.ok as Answers[Type];
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 500);
    await this.#ended;
    clearTimeout(timer);
  }
}
