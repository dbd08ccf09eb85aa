import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { groupsAlong } from "../arrays/regroup.ts";
import type { Kernel } from "../kernel.ts";

/** Applies a function to each group of elements along the axis (opset 13: a single axis, the last by default). */
const alongAxis =
  (f: (group: Float64Array) => Float64Array): Kernel =>
  (call) => {
    const x = call.tensor(0);
    return mapGroups(x, [call.axis(call.node.int("axis", -1), x.dims.length)], f);
  };

/** Replaces each group of elements along axes by a function of it; computed in float64. */
export function mapGroups(x: Tensor, axes: readonly number[], f: (group: Float64Array) => Float64Array): Tensor {
  const { bases, members } = groupsAlong(x.dims, axes);
  const elements = x.numbers();
  const group = new Float64Array(members.length);
  for (const base of bases) {
    for (let i = 0; i < members.length; i++) group[i] = elements[base + members[i]!]!;
    const mapped = f(group);
    for (let i = 0; i < members.length; i++) elements[base + members[i]!] = mapped[i]!;
  }
  return tensorOf(x.dtype, x.dims, elements);
}

/** `eˣ / Σ eˣ`, shifted by the largest element. */
export function softmax(group: Float64Array): Float64Array {
  const largest = group.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = group.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** `x - log Σ eˣ`, shifted by the largest element. */
export function logSoftmax(group: Float64Array): Float64Array {
  const largest = group.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = Math.log(group.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return group.map((x) => x - largest - logSum);
}

/** 1 at the first largest element, 0 elsewhere. */
function hardmax(group: Float64Array): Float64Array {
  const largest = group.indexOf(group.reduce((a, b) => Math.max(a, b), -Infinity));
  return group.map((_, i) => (i === largest ? 1 : 0));
}

/** Softmax and its relatives. */
export const softmaxKernels = {
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
} satisfies Readonly<Record<string, Kernel>>;
