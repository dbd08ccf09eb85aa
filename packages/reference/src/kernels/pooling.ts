import { int64Tensor, tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { outputSizes, windowOf, type Window } from "../window.ts";

/** The window of a pool, and its shapes with all spatial axes of a plane as one. */
export interface PoolPlan {
  readonly window: Window;
  readonly planes: number;
  readonly inPlane: number;
  readonly outPlane: number;
  readonly yDims: readonly number[];
}

/** The plan of a pool over the spatial axes of X. */
export function planPool(call: KernelCall, x: readonly number[]): PoolPlan {
  const window = windowOf(call, x.slice(2), call.node.ints("kernel_shape", []));
  const yDims = [...x.slice(0, 2), ...outputSizes(window)];
  return {
    window,
    planes: x[0]! * x[1]!,
    inPlane: sizeOf(x.slice(2)),
    outPlane: sizeOf(yDims.slice(2)),
    yDims,
  };
}

/** Calls `visit` for every output place of a plane with the input places of its window, the padding left out. */
export function forEachWindow(window: Window, visit: (output: number, inputs: readonly number[]) => void): void {
  const [d, h, w] = window.axes;
  let output = 0;
  for (let od = 0; od < d.output; od++) {
    for (let oh = 0; oh < h.output; oh++) {
      for (let ow = 0; ow < w.output; ow++) {
        const inputs: number[] = [];
        for (let kd = 0; kd < d.kernel; kd++) {
          const xd = d.taps[od * d.kernel + kd]!;
          for (let kh = 0; xd >= 0 && kh < h.kernel; kh++) {
            const xh = h.taps[oh * h.kernel + kh]!;
            for (let kw = 0; xh >= 0 && kw < w.kernel; kw++) {
              const xw = w.taps[ow * w.kernel + kw]!;
              if (xw >= 0) inputs.push((xd * h.input + xh) * w.input + xw);
            }
          }
        }
        visit(output++, inputs);
      }
    }
  }
}

/** The largest element's place in each window, the first of equal ones. */
export function argMaxOfWindows(plan: PoolPlan, x: Float64Array): Int32Array {
  const places = new Int32Array(plan.planes * plan.outPlane);
  forEachWindow(plan.window, (output, inputs) => {
    for (let plane = 0; plane < plan.planes; plane++) {
      const base = plane * plan.inPlane;
      let best = base + (inputs[0] ?? 0);
      for (const input of inputs) if (x[base + input]! > x[best]!) best = base + input;
      places[plane * plan.outPlane + output] = best;
    }
  });
  return places;
}

const maxPool: Kernel = (call) => {
  const x = call.tensor(0);
  const plan = planPool(call, x.dims);
  const elements = x.numbers();
  const places = argMaxOfWindows(plan, elements);
  const largest = tensorOf(
    x.dtype,
    plan.yDims,
    Float64Array.from(places, (place) => elements[place]!),
  );
  if (!call.wants(1)) return [largest];
  return [
    largest,
    int64Tensor(call.node.int("storage_order", 0) === 1 ? columnMajor(plan, places) : places, plan.yDims),
  ];
};

/** Places as if each plane were stored column by column. */
function columnMajor(plan: PoolPlan, places: Int32Array): Int32Array {
  const [d, h, w] = plan.window.axes;
  return places.map((place) => {
    const inside = place % plan.inPlane;
    const [xd, xh, xw] = [
      Math.floor(inside / (h.input * w.input)),
      Math.floor(inside / w.input) % h.input,
      inside % w.input,
    ];
    return place - inside + (xw * h.input + xh) * d.input + xd;
  });
}

/** How many elements an average counts in each window: those inside, or with `count_include_pad` those of the padding too. */
export function averageCounts(call: KernelCall, plan: PoolPlan): Float64Array {
  const counts = new Float64Array(plan.outPlane);
  const includePad = call.node.int("count_include_pad", 0) === 1;
  const { axes } = plan.window;
  // Positions beyond the end padding, which only a ceil-mode window reaches, never count.
  const padded = axes.map((axis) =>
    Array.from({ length: axis.output }, (_, o) => {
      let count = 0;
      for (let k = 0; k < axis.kernel; k++) {
        if (o * axis.stride + k * axis.dilation < axis.padBegin + axis.input + axis.padEnd) count++;
      }
      return count;
    }),
  );
  forEachWindow(plan.window, (output, inputs) => {
    const [, h, w] = axes;
    const [od, oh, ow] = [
      Math.floor(output / (h.output * w.output)),
      Math.floor(output / w.output) % h.output,
      output % w.output,
    ];
    counts[output] = includePad ? padded[0]![od]! * padded[1]![oh]! * padded[2]![ow]! : inputs.length;
  });
  return counts;
}

/** Applies a function to the elements of every window. */
function poolWith(
  plan: PoolPlan,
  x: Float64Array,
  f: (sum: number, element: number) => number,
  finish: (sum: number, output: number) => number,
): Float64Array {
  const y = new Float64Array(plan.planes * plan.outPlane);
  forEachWindow(plan.window, (output, inputs) => {
    for (let plane = 0; plane < plan.planes; plane++) {
      let sum = 0;
      for (const input of inputs) sum = f(sum, x[plane * plan.inPlane + input]!);
      y[plane * plan.outPlane + output] = finish(sum, output);
    }
  });
  return y;
}

/** Sums of all windows. */
export function windowSums(plan: PoolPlan, x: Float64Array): Float64Array {
  return poolWith(
    plan,
    x,
    (sum, element) => sum + element,
    (sum) => sum,
  );
}

/** Averages of all windows, in float64. */
export function averageWindows(call: KernelCall, plan: PoolPlan, x: Float64Array): Float64Array {
  const counts = averageCounts(call, plan);
  return windowSums(plan, x).map((sum, i) => sum / counts[i % plan.outPlane]!);
}

const averagePool: Kernel = (call) => {
  const x = call.tensor(0);
  const plan = planPool(call, x.dims);
  return tensorOf(x.dtype, plan.yDims, averageWindows(call, plan, x.numbers()));
};

const lpPool: Kernel = (call) => {
  const x = call.tensor(0);
  const plan = planPool(call, x.dims);
  const p = call.node.int("p", 2);
  const y = poolWith(
    plan,
    x.numbers(),
    (sum, element) => sum + Math.abs(element) ** p,
    (sum) => sum ** (1 / p),
  );
  return tensorOf(x.dtype, plan.yDims, y);
};

/** A pool over all spatial axes, which become 1. */
const global =
  (reduce: (plane: Float64Array, call: KernelCall) => number): Kernel =>
  (call) => {
    const x = call.tensor(0);
    if (x.dims.length < 2) call.fail(`needs a batch and a channel axis, got [${x.dims.join(",")}]`);
    const plane = sizeOf(x.dims.slice(2));
    const elements = x.numbers();
    const y = Float64Array.from({ length: x.dims[0]! * x.dims[1]! }, (_, i) =>
      reduce(elements.subarray(i * plane, (i + 1) * plane), call),
    );
    return tensorOf(
      x.dtype,
      x.dims.map((dim, axis) => (axis < 2 ? dim : 1)),
      y,
    );
  };

const maxUnpool: Kernel = (call) => {
  const [x, indices, shape] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const spatial = x.dims.slice(2);
  const kernel = call.node.ints("kernel_shape", []);
  const strides = call.node.ints("strides", []);
  const pads = call.node.ints("pads", []);
  const natural = spatial.map((size, i) => {
    const pad = (pads[i] ?? 0) + (pads[spatial.length + i] ?? 0);
    return (size - 1) * (strides[i] ?? 1) + kernel[i]! - pad;
  });
  const dims = shape ? [...shape.numbers()] : [...x.dims.slice(0, 2), ...natural];
  // Indices are places in the natural result; a larger output_shape keeps their coordinates.
  const elements = x.numbers();
  const out = new Float64Array(sizeOf(dims));
  const naturalDims = [...x.dims.slice(0, 2), ...natural];
  for (const [i, place] of indices.numbers().entries()) out[rebase(place, naturalDims, dims)] = elements[i]!;
  return tensorOf(x.dtype, dims, out);
};

/** The place in dimensions `to` of the element at a place in dimensions `from`. */
function rebase(place: number, from: readonly number[], to: readonly number[]): number {
  let rest = place;
  let moved = 0;
  let stride = 1;
  for (let axis = from.length - 1; axis >= 0; axis--) {
    moved += (rest % from[axis]!) * stride;
    stride *= to[axis]!;
    rest = Math.floor(rest / from[axis]!);
  }
  return moved;
}

/** Pools, in float64 and rounded once. */
export const poolingKernels = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: global((plane) => plane.reduce((sum, x) => sum + x, 0) / plane.length),
  GlobalMaxPool: global((plane) => plane.reduce((a, b) => Math.max(a, b), -Infinity)),
  GlobalLpPool: global((plane, call) => {
    const p = call.node.int("p", 2);
    return plane.reduce((sum, x) => sum + Math.abs(x) ** p, 0) ** (1 / p);
  }),
  MaxUnpool: maxUnpool,
} satisfies Readonly<Record<string, Kernel>>;
