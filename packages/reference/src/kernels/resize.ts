import { Tensor, type DType, isInteger } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf, stridesOf } from "../arrays/indices.ts";
import { aroundAxis } from "../arrays/regroup.ts";
import { take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { integers } from "./shape.ts";

/** How one axis is resized. */
interface ResizedAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** The resized length the coordinates are computed with; the suite's reference does not round it when scales are given. */
  readonly length: number;
  /** Region of interest, normalized to the axis, for `tf_crop_and_resize`. */
  readonly roi: readonly [start: number, end: number];
}

/** What an output index reads: source indices with weights that sum to 1. */
interface Taps {
  readonly indices: readonly number[];
  readonly weights: readonly number[];
}

const f32 = Math.fround;

/**
 * The position in the input of an output index: https://onnx.ai/onnx/operators/onnx__Resize.html.
 *
 * In float32 steps like the runtimes', because `nearest` turns on ties.
 */
function originalPosition(mode: string, axis: ResizedAxis, x: number): number {
  const { input, output, scale, length, roi } = axis;
  const halfPixel = f32(f32((x + 0.5) / scale) - 0.5);
  switch (mode) {
    case "align_corners":
      return length === 1 || output === 1 ? 0 : f32((x * (input - 1)) / (length - 1));
    case "asymmetric":
      return f32(x / scale);
    case "pytorch_half_pixel":
      return output > 1 ? halfPixel : 0;
    case "tf_half_pixel_for_nn":
      // No longer part of the standard. ONNX Runtime leaves axes that keep their size alone.
      return scale === 1 ? x : f32((x + 0.5) / scale);
    case "tf_crop_and_resize":
      return output > 1
        ? f32(roi[0] * (input - 1) + (x * (roi[1] - roi[0]) * (input - 1)) / (output - 1))
        : 0.5 * (roi[0] + roi[1]) * (input - 1);
    case "half_pixel_symmetric":
      return f32(f32((input / 2) * (1 - output / length)) + halfPixel);
    default:
      return halfPixel;
  }
}

const nearestModes: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Keys' cubic convolution kernel with parameter `a`. */
export function cubicKernel(a: number, distance: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/** The taps of an interpolating kernel of the given radius; antialiasing widens it when the axis shrinks. */
function kernelTaps(
  call: KernelCall,
  axis: ResizedAxis,
  position: number,
  radius: number,
  kernel: (x: number) => number,
): Taps {
  const stretch = call.node.int("antialias", 0) === 1 ? Math.min(axis.scale, 1) : 1;
  const excludeOutside = call.node.int("exclude_outside", 0) === 1;
  // The left neighbour is strictly left of the position, so that a whole position has ratio 1.
  const left = Math.ceil(position) - 1;
  const first = Math.floor(-radius / stretch) + 1;
  const count = 2 - 2 * first;
  const indices: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    const index = left + first + i;
    const outside = index < 0 || index >= axis.input;
    indices.push(Math.max(0, Math.min(axis.input - 1, index)));
    weights.push(excludeOutside && outside ? 0 : kernel((index - position) * stretch));
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { indices, weights: weights.map((weight) => weight / sum) };
}

function tapsOf(call: KernelCall, axis: ResizedAxis, position: number): Taps {
  const mode = call.node.string("mode", "nearest");
  switch (mode) {
    case "nearest": {
      const name = call.node.string("nearest_mode", "round_prefer_floor");
      const round = Object.hasOwn(nearestModes, name)
        ? nearestModes[name]!
        : call.fail(`nearest_mode "${name}" is unknown`);
      return { indices: [Math.max(0, Math.min(axis.input - 1, round(position)))], weights: [1] };
    }
    case "linear":
      return kernelTaps(call, axis, position, 1, (x) => Math.max(0, 1 - Math.abs(x)));
    case "cubic": {
      const a = call.node.float("cubic_coeff_a", -0.75);
      return kernelTaps(call, axis, position, 2, (x) => cubicKernel(a, x));
    }
    default:
      return call.fail(`mode "${mode}" is unknown`);
  }
}

/** Sizes and scales of all axes from the operands `roi`, `scales` and `sizes` and the axes they are given for. */
function resizedAxes(call: KernelCall, x: Tensor): readonly ResizedAxis[] {
  const rank = x.dims.length;
  const axes = (call.node.ints("axes", null) ?? x.dims.map((_, axis) => axis)).map((axis) => call.axis(axis, rank));
  const given = (index: number): number[] | null => {
    const tensor = call.optional(index);
    return tensor && tensor.size > 0 ? integers(tensor) : null;
  };
  const [roi, scales, sizes] = [given(1), given(2), given(3)];
  const list = scales ?? sizes ?? call.fail("needs scales or sizes");
  if (list.length !== axes.length) call.fail(`${list.length} scales or sizes for ${axes.length} axes`);
  const wanted = sizes && keepAspectRatio(call, x, axes, sizes);
  return x.dims.map((input, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { input, output: input, scale: 1, length: input, roi: [0, 1] };
    const region = [roi?.[i] ?? 0, roi?.[axes.length + i] ?? 1] as const;
    if (wanted)
      return { input, output: wanted[i]!.size, scale: wanted[i]!.scale, length: wanted[i]!.size, roi: region };
    const scale = scales![i]!;
    const crop =
      call.node.string("coordinate_transformation_mode", "") === "tf_crop_and_resize" ? region[1] - region[0] : 1;
    return { input, output: Math.floor(f32(f32(input * crop) * scale)), scale, length: scale * input, roi: region };
  });
}

function keepAspectRatio(
  call: KernelCall,
  x: Tensor,
  axes: readonly number[],
  sizes: readonly number[],
): readonly { readonly size: number; readonly scale: number }[] {
  const ratios = axes.map((axis, i) => sizes[i]! / x.dims[axis]!);
  const policy = call.node.string("keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return sizes.map((size, i) => ({ size, scale: f32(ratios[i]!) }));
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => ({ size: Math.floor(scale * x.dims[axis]! + 0.5), scale }));
}

const resize: Kernel = (call) => {
  const x = call.tensor(0);
  const mode = call.node.string("coordinate_transformation_mode", "half_pixel");
  const axes = resizedAxes(call, x);
  const dims = axes.map((axis) => axis.output);
  sizeOf(dims);
  const positions = axes.map((axis) => Array.from({ length: axis.output }, (_, i) => originalPosition(mode, axis, i)));
  const taps = axes.map((axis, a) => positions[a]!.map((position) => tapsOf(call, axis, position)));
  const outside = mode === "tf_crop_and_resize" ? outsidePlaces(axes, positions) : null;
  if (call.node.string("mode", "nearest") === "nearest" && !outside) return nearest(x, dims, taps);
  let elements = x.numbers();
  let current = [...x.dims];
  for (const [axis, list] of taps.entries()) {
    elements = interpolateAxis(elements, current, axis, list);
    current = current.with(axis, list.length);
  }
  if (outside) {
    const value = call.node.float("extrapolation_value", 0);
    elements = elements.map((element, i) => (outside[i] === 1 ? value : element));
  }
  return tensorOf(x.dtype, dims, isInteger(x.dtype) ? saturated(elements, x.dtype) : elements);
};

function nearest(x: Tensor, dims: readonly number[], taps: readonly (readonly Taps[])[]): Tensor {
  const strides = stridesOf(x.dims);
  const outStrides = stridesOf(dims);
  const places = Int32Array.from({ length: sizeOf(dims) }, (_, i) =>
    taps.reduce(
      (place, list, axis) =>
        place + list[Math.floor(i / outStrides[axis]!) % dims[axis]!]!.indices[0]! * strides[axis]!,
      0,
    ),
  );
  return take(x, dims, places);
}

function interpolateAxis(x: Float64Array, dims: readonly number[], axis: number, taps: readonly Taps[]): Float64Array {
  const { outer, length, inner } = aroundAxis(dims, axis);
  const y = new Float64Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++) {
    for (const [t, { indices, weights }] of taps.entries()) {
      for (const [k, index] of indices.entries()) {
        const from = (o * length + index) * inner;
        const to = (o * taps.length + t) * inner;
        for (let i = 0; i < inner; i++) y[to + i]! += weights[k]! * x[from + i]!;
      }
    }
  }
  return y;
}

/** 1 for each output element with a position outside the input along any axis. */
function outsidePlaces(axes: readonly ResizedAxis[], positions: readonly (readonly number[])[]): Uint8Array {
  const dims = axes.map((axis) => axis.output);
  const strides = stridesOf(dims);
  return Uint8Array.from({ length: sizeOf(dims) }, (_, i) => {
    const isOutside = axes.some(({ input, output }, axis) => {
      const position = positions[axis]![Math.floor(i / strides[axis]!) % output]!;
      return position < 0 || position > input - 1;
    });
    return isOutside ? 1 : 0;
  });
}

/** Integers of an interpolation: truncated as ONNX Runtime does, and into the dtype, which a cubic may overshoot. */
function saturated(elements: Float64Array, dtype: DType): Float64Array {
  const bits = 8 * Tensor.scalar(dtype, 0).bytes().length;
  const low = dtype.startsWith("u") ? 0 : -(2 ** (bits - 1));
  const high = low + 2 ** bits - 1;
  return elements.map((element) => Math.max(low, Math.min(high, Math.trunc(element))));
}

/** Resampling of regular grids; weights and sums in float64. */
export const resizeKernels = { Resize: resize } satisfies Readonly<Record<string, Kernel>>;
