import { GradError } from "../core/errors.ts";
import { mapTree } from "../core/tree.ts";
import { requireTracked, Tensor } from "../tensor/tensor.ts";
import { gradientsOf, seedFor } from "./gradients.ts";

export interface GradientsOptions {
  /** d(something)/d(loss): needed where the loss is not a scalar. */
  readonly gradient?: Tensor;
  /** Record the gradients too, so that they can be differentiated again. */
  readonly createGraph?: boolean;
  /** Give null for an input that the loss does not depend on, instead of an error. */
  readonly allowUnused?: boolean;
}

/** The structure of the inputs, with each tensor replaced by its gradient. */
export type GradientsBy<T> = T extends Tensor ? Tensor : { [K in keyof T]: GradientsBy<T[K]> };

/**
 * d(loss)/d(input) for tensors that the loss was built from: parameters, inputs, and anything in
 * between. Nothing is added to their `grad`, and the record stays: PyTorch's `autograd.grad`.
 *
 *     const { x: gx } = gradients(loss, { x }, { createGraph: true });
 *     const penalty = gx.square().sum();
 *
 * @param inputs a tensor, or an array or object of them
 * @throws GradError when an input requires no gradient, or the loss does not depend on it
 */
export function gradients<T>(
  loss: Tensor,
  inputs: T,
  { gradient, createGraph = false, allowUnused = false }: GradientsOptions = {},
): GradientsBy<T> {
  requireTracked("gradients", loss);
  const wanted = new Map<string, Tensor>();
  mapTree(inputs, (leaf, path) => {
    if (!(leaf instanceof Tensor)) throw notATensor(leaf, path);
    requireTracked(`gradients: input ${path}`, leaf);
    wanted.set(path, leaf);
  });
  const outputs = [{ node: loss.node, cotangent: seedFor("gradients", loss, gradient ?? null) }];
  const nodes = new Set([...wanted.values()].map((t) => t.node));
  const found = gradientsOf(outputs, nodes, { createGraph });
  return mapTree(inputs, (leaf, path) => {
    const g = found.get((leaf as Tensor).node) ?? null;
    if (g === null && !allowUnused) throw unused(path);
    return g;
  }) as GradientsBy<T>;
}

const notATensor = (leaf: unknown, path: string): GradError =>
  new GradError(`gradients: input ${path} is ${typeof leaf}, not a tensor. Pass tensors only.`);

const unused = (path: string): GradError =>
  new GradError(
    `gradients: the loss does not depend on input ${path}. ` +
      "Leave it out, or pass { allowUnused: true } to get null for it.",
  );
