import { add, type Device, mul, type Tensor, transpose } from "../../src/index.ts";
import { type Argument, Unsupported } from "./arguments.ts";
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  type Suite,
  storedIn,
  upload,
} from "./golden.ts";

/** What a case asks to be done with its inputs before the op sees them. */
const preparations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "apply .t() to both first": (x) => transpose(x),
  "applied to (x+x^T)/2": (x) => mul(add(x, transpose(x)), 0.5),
};

function preparation(tags: Json | undefined): (x: Tensor) => Tensor {
  const asked = isList(tags) ? tags.map(String).find((tag) => /^appl/.test(tag)) : undefined;
  if (asked === undefined) return (x) => x;
  const found = preparations[asked];
  if (found === undefined) throw new Unsupported(`inputs prepared by "${asked}"`);
  return found;
}

export interface CaseArguments {
  /** The differentiable inputs by the number that the case gives them. */
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly args: readonly Argument[];
  readonly kwargs: Readonly<Record<string, Argument>>;
}

/** The arguments of a case with their tensors on the device. */
export function caseArguments(suite: Suite, content: JsonObject, device: Device): CaseArguments {
  const leaves: Record<string, Tensor> = {};
  const prepare = preparation(content.tags);
  const resolve = (value: Json): Argument => {
    if (isList(value)) return value.map(resolve);
    if (!isObject(value) || value.t === undefined) return value;
    const tensor = upload(storedIn(suite, value.t), device, value.grad === true);
    if (value.grad === true) leaves[String(value.i)] = tensor;
    return prepare(tensor);
  };
  const kwargs = Object.entries(isObject(content.kwargs) ? content.kwargs : {});
  return {
    args: (isList(content.args) ? content.args : []).map(resolve),
    kwargs: Object.fromEntries(kwargs.map(([name, value]) => [name, resolve(value ?? null)])),
    leaves,
  };
}
