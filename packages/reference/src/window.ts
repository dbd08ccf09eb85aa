import { sizeOf } from "./arrays/indices.ts";
import type { KernelCall } from "./kernel.ts";

/** One spatial axis of a sliding window: where each kernel element of each output index reads its input. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBegin: number;
  readonly padEnd: number;
  /** Input index at `[output index · kernel + kernel index]`; -1 in the padding. */
  readonly taps: Int32Array;
}

/** A window over one to three spatial axes; axes that a model does not have come first, with size 1. */
export interface Window {
  readonly rank: number;
  readonly axes: readonly [WindowAxis, WindowAxis, WindowAxis];
}

/** One axis before its taps are known. */
type AxisGeometry = Omit<WindowAxis, "taps">;

/**
 * The window that a node's attributes `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode` describe, over the
 * spatial sizes of its operand. @throws CompileError `reference/invalid-node`
 */
export function windowOf(call: KernelCall, input: readonly number[], kernel: readonly number[]): Window {
  const rank = input.length;
  if (kernel.length !== rank) call.fail(`the kernel [${kernel.join(",")}] has not ${rank} axes`);
  const strides = perAxis(call, "strides", rank, 1);
  const dilations = perAxis(call, "dilations", rank, 1);
  const autoPad = call.node.string("auto_pad", "NOTSET");
  const pads = autoPad === "NOTSET" || autoPad === "" ? perAxis(call, "pads", 2 * rank, 0) : null;
  const ceil = call.node.int("ceil_mode", 0) === 1;
  const axes = input.map((size, i): AxisGeometry => {
    const geometry = { input: size, kernel: kernel[i]!, stride: strides[i]!, dilation: dilations[i]! };
    const extent = (geometry.kernel - 1) * geometry.dilation + 1;
    const [padBegin, padEnd] = pads ? [pads[i]!, pads[rank + i]!] : autoPads(autoPad, size, extent, geometry.stride);
    const output = outputSize(size + padBegin + padEnd, extent, geometry.stride, ceil, size + padBegin);
    if (output < 0 || extent < 1) call.fail(`the kernel [${kernel.join(",")}] does not fit the padded axis ${i + 2}`);
    return { ...geometry, padBegin, padEnd, output };
  });
  return makeWindow(call, axes);
}

/** A window over the given axes. @throws CompileError `reference/invalid-node` when there are none or too many. */
export function makeWindow(call: KernelCall, axes: readonly AxisGeometry[]): Window {
  if (axes.length < 1 || axes.length > 3)
    call.fail(`has ${axes.length} spatial axes; the interpreter knows one to three`);
  const single = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0 };
  const all = [...Array.from({ length: 3 - axes.length }, () => single), ...axes].map(withTaps);
  return { rank: axes.length, axes: all as unknown as Window["axes"] };
}

/** Sizes of the result along the spatial axes the operand has. */
export function outputSizes(window: Window): number[] {
  return window.axes.slice(3 - window.rank).map((axis) => axis.output);
}

/** A list attribute with one entry per axis; absent or empty means the same value for all. */
export function perAxis(call: KernelCall, name: string, count: number, fallback: number): readonly number[] {
  const given = call.node.ints(name, []);
  if (given.length === 0) return Array.from({ length: count }, () => fallback);
  return given.length === count ? given : call.fail(`${name} [${given.join(",")}] must have ${count} entries`);
}

/** Padding of `SAME_UPPER` and `SAME_LOWER` (output = ceil(input / stride)); the odd one goes to the named end. */
function autoPads(mode: string, size: number, extent: number, stride: number): readonly [number, number] {
  if (mode === "VALID") return [0, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
  const small = Math.floor(total / 2);
  return mode === "SAME_LOWER" ? [total - small, small] : [small, total - small];
}

/** Number of window positions; with ceil a last partial one counts, unless it would start in the end padding. */
function outputSize(padded: number, extent: number, stride: number, ceil: boolean, beforeEndPadding: number): number {
  const steps = (padded - extent) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const size = Math.ceil(steps) + 1;
  return (size - 1) * stride >= beforeEndPadding ? size - 1 : size;
}

function withTaps(geometry: AxisGeometry): WindowAxis {
  const { input, output, kernel, stride, dilation, padBegin } = geometry;
  const taps = new Int32Array(sizeOf([output, kernel]));
  for (let o = 0; o < output; o++) {
    for (let k = 0; k < kernel; k++) {
      const index = o * stride + k * dilation - padBegin;
      taps[o * kernel + k] = index >= 0 && index < input ? index : -1;
    }
  }
  return { ...geometry, taps };
}
