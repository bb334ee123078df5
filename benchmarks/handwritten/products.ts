import type { Runnable } from "../sides/side.ts";
import * as operations from "../workloads/operations.ts";
import { type Gemm, gemm } from "./gemm.ts";
import { gemmTiled } from "./gemmTiled.ts";
import type { KernelText, Machine } from "./machine.ts";
import { fastest, operation, upload } from "./operation.ts";

/** How the threads of a product may be grouped, and whether fma() is written out. */
const shapes: readonly Pick<Gemm, "workgroup" | "fma">[] = [
  { workgroup: [4, 4] },
  { workgroup: [4, 4], fma: true },
];

/** Worth a try on GPUs only, which run many threads of a workgroup at once. */
const wideShapes: typeof shapes = [{ workgroup: [8, 8] }, { workgroup: [16, 16] }];

function variantsOf({ software }: Machine, spec: Gemm): Map<string, KernelText> {
  const untiled = [...shapes, ...(software ? [] : wideShapes)].map((shape) => {
    const name = `workgroup ${shape.workgroup}${shape.fma ? ", fma" : ""}`;
    return [name, gemm({ ...spec, ...shape })] as const;
  });
  const tiles = ([64, 128] as const).filter((t) => spec.m % t === 0 && spec.n % t === 0);
  const tiled = software || spec.b.row ? [] : tiles.map((tile) => gemmTiled(spec, tile));
  return new Map([...untiled, ...tiled.map((text) => [text.label, text] as const)]);
}

/** The best variant of a product. */
async function product(machine: Machine, spec: Omit<Gemm, "c">, count: number): Promise<Runnable> {
  const output = machine.buffer(count);
  const { name, launch } = await fastest(
    machine,
    variantsOf(machine, { ...spec, c: { buffer: output } }),
  );
  return operation(machine, [launch], output, count, name);
}

export function matmul(machine: Machine, size: number): Promise<Runnable> {
  const [a, b] = operations
    .matmulInputs(size)
    .map((values) => ({ buffer: upload(machine, values) }));
  return product(machine, { label: "matmul", m: size, n: size, k: size, a, b }, size * size);
}

/** One tall product: rows of matrix i of a meet rows of matrix i of b. Sizes are powers of two. */
export function batchedMatmul(machine: Machine, batch: number, size: number): Promise<Runnable> {
  const [a, b] = operations.batchedInputs(batch, size).map((values) => upload(machine, values));
  const row = (k: string) => `((row0 & ${(2 ** 32 - size) >>> 0}u) + ${k})`;
  return product(
    machine,
    {
      ...{ label: "batched matmul", m: batch * size, n: size, k: size },
      ...{ a: { buffer: a }, b: { buffer: b, row } },
    },
    batch * size * size,
  );
}
