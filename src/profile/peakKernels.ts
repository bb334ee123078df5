import { gridFor, linearIndex } from "../../kernels/kernel.ts";
import type { Target } from "../core/ir.ts";
import type { LaunchSpec } from "../gpu/spec.ts";

/** A launch over banks of its own: output first. */
export interface PeakKernel
  extends Pick<LaunchSpec, "label" | "code" | "workgroups" | "flops" | "bytes" | "bindings"> {
  readonly banks: readonly number[];
}

const VEC4_BYTES = 16;

const module = (threads: number, declared: string, body: string): string => `
@group(0) @binding(0) var<storage, read_write> y: array<vec4<f32>>;
${declared}
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_id) lid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
${body}
}`;

/** y = x, with one or several vec4 for each thread, beyond what caches hold. */
export function copyKernels(target: Target): PeakKernel[] {
  const size = Math.min(target.software ? 1 << 24 : 1 << 27, target.maxBufferBytes);
  return (target.software ? [4] : [1, 4]).map((each) => copyKernel(size, each, target));
}

function copyKernel(size: number, each: number, target: Target): PeakKernel {
  const threads = 64;
  const workgroups = gridFor(Math.floor(size / VEC4_BYTES / threads / each), target);
  const bytes = workgroups[0] * workgroups[1] * threads * each * VEC4_BYTES;
  const first = linearIndex(workgroups, threads);
  const lines = Array.from({ length: each }, (_, i) => `y[first + ${i}u] = x[first + ${i}u];`);
  return {
    label: `copy ${each} vec4 per thread`,
    code: module(
      threads,
      "@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;",
      [`let first = ${first} * ${each}u;`, ...lines].join("\n"),
    ),
    workgroups,
    flops: 0,
    bytes: 2 * bytes,
    bindings: [
      { kind: "bank", bank: 0, offset: 0, size: bytes, write: true },
      { kind: "bank", bank: 1, offset: 0, size: bytes, write: false },
    ],
    banks: [bytes, bytes],
  };
}

/** y = x a + b, over and over, in independent chains: with `fma`, and as two operations. */
export function productKernels(target: Target): PeakKernel[] {
  const chains = target.software ? 4 : 8;
  const ways = [(x: string) => `fma(${x}, a, b)`, (x: string) => `${x} * a + b`];
  return ways.map((next) => productKernel(chains, next, target));
}

function productKernel(chains: number, next: (x: string) => string, target: Target): PeakKernel {
  const threads = 64;
  const workgroups = gridFor(target.software ? 1 << 6 : 1 << 14, target);
  const rounds = 1 << 8;
  const names = Array.from({ length: chains }, (_, i) => `x${i}`);
  const all = workgroups[0] * workgroups[1] * threads;
  const body = [
    `let thread = ${linearIndex(workgroups, threads)};`,
    // Known to no compiler, and a fixed point at 1: the values stay finite and normal.
    "let a = vec4(0.5 + 0.1 * f32(thread & 1u)); let b = 1.0 - a;",
    ...names.map((x, i) => `var ${x} = vec4<f32>(f32(thread + ${i}u));`),
    `for (var round = 0u; round < ${rounds}u; round++) {`,
    ...names.map((x) => `${x} = ${next(x)};`),
    "}",
    `y[thread] = ${names.join(" + ")};`,
  ];
  return {
    label: `multiply and add, ${chains} chains`,
    code: module(threads, "", body.join("\n")),
    workgroups,
    flops: all * rounds * chains * 4 * 2,
    bytes: all * VEC4_BYTES,
    bindings: [{ kind: "bank", bank: 0, offset: 0, size: all * VEC4_BYTES, write: true }],
    banks: [all * VEC4_BYTES],
  };
}
