import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Device, type Tensor, tensor, ValueError } from "../../src/index.ts";
import { parseSafetensors, type StoredTensor } from "../../src/io/index.ts";

/** What the JSON files hold; recorded by another program, so every use checks its form. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type Stored = StoredTensor;

/** `NAME.json` with the tensors of `NAME.safetensors`. */
export interface Suite {
  readonly name: string;
  readonly content: JsonObject;
  readonly tensors: ReadonlyMap<string, Stored>;
}

export const isObject = (x: Json | undefined): x is JsonObject =>
  typeof x === "object" && x !== null && !Array.isArray(x);

export const isList = (x: Json | undefined): x is readonly Json[] => Array.isArray(x);

/** Numbers, with the infinities and NaN that JSON cannot write. */
export function asNumber(x: Json | undefined): number | null {
  if (typeof x === "number") return x;
  if (!isObject(x) || typeof x.float !== "string") return null;
  const text = x.float.replace("inf", "Infinity").replace("nan", "NaN");
  return Number(text);
}

export function numberList(x: Json | undefined): number[] {
  return isList(x) ? x.map((n) => asNumber(n) ?? Number.NaN) : [];
}

/** The suites of a folder in the order of their names; tensors files without cases are others'. */
export function readSuites(folder: string, only?: string): Suite[] {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"))
    .filter((name) => only === undefined || name === only)
    .sort();
  const suites = names.flatMap((name) => readSuite(folder, name) ?? []);
  if (suites.length > 0) return suites;
  const wanted = only === undefined ? "" : ` named ${only}`;
  throw new ValueError(
    `oracle: no suite${wanted} lies there; got ${folder}. Give the folder of the golden cases.`,
  );
}

function readSuite(folder: string, name: string): Suite | null {
  const content = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Json;
  if (!isObject(content) || content.suite === undefined) return null;
  const file = join(folder, `${name}.safetensors`);
  if (!existsSync(file)) return { name, content, tensors: new Map() };
  const { tensors } = parseSafetensors(readFileSync(file), file, { float64: "keep" });
  return { name, content, tensors };
}

export function casesOf({ content }: Suite): JsonObject[] {
  return isList(content.cases) ? content.cases.filter(isObject) : [];
}

/** The stored tensor of a name. @throws ValueError when the file lacks it */
export function storedIn({ name, tensors }: Suite, key: Json | undefined): Stored {
  const found = typeof key === "string" ? tensors.get(key) : undefined;
  if (found !== undefined) return found;
  throw new ValueError(
    `oracle: the tensors file lacks an entry; got ${JSON.stringify(key)} in ${name}. ` +
      "Take both files from the same place.",
  );
}

const uploaded = new WeakMap<Tensor, Stored>();

/** The values that a tensor of a case was made from. */
export const hostValues = (x: Tensor): ArrayLike<number> => uploaded.get(x)?.data ?? [];

export function upload(stored: Stored, device: Device, requiresGrad = false): Tensor {
  const { data, shape, dtype } = stored;
  const made = tensor(data, { shape, dtype, device, requiresGrad });
  uploaded.set(made, stored);
  return made;
}
