import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { Kernel } from "../kernel.ts";
import { batchNormalizationGrad } from "./normalization.ts";
import { convolveBackToInput, convolveBackToWeight, planConvolution } from "./convolution.ts";
import { argMaxOfWindows, averageCounts, forEachWindow, planPool } from "./pooling.ts";

const convGradInput: Kernel = (call) => {
  const [dy, w, x] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const plan = planConvolution(call, x.dims, w.dims);
  return tensorOf(x.dtype, x.dims, convolveBackToInput(plan, dy.numbers(), w.numbers()));
};

const convGradWeight: Kernel = (call) => {
  const [dy, x, w] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const plan = planConvolution(call, x.dims, w.dims);
  return tensorOf(w.dtype, w.dims, convolveBackToWeight(plan, dy.numbers(), x.numbers()));
};

/** Each cotangent goes to the first largest element of its window. */
const maxPoolGrad: Kernel = (call) => {
  const [dy, x] = [call.tensor(0), call.tensor(1)];
  const places = argMaxOfWindows(planPool(call, x.dims), x.numbers());
  const cotangents = dy.numbers();
  const dx = new Float64Array(x.size);
  for (const [i, place] of places.entries()) dx[place]! += cotangents[i]!;
  return tensorOf(x.dtype, x.dims, dx);
};

/** Each cotangent goes in equal parts to the elements of its window that were counted and exist. */
const averagePoolGrad: Kernel = (call) => {
  const [dy, x] = [call.tensor(0), call.tensor(1)];
  const plan = planPool(call, x.dims);
  const counts = averageCounts(call, plan);
  const cotangents = dy.numbers();
  const dx = new Float64Array(sizeOf(x.dims));
  forEachWindow(plan.window, (output, inputs) => {
    for (let plane = 0; plane < plan.planes; plane++) {
      const share = cotangents[plane * plan.outPlane + output]! / counts[output]!;
      for (const input of inputs) dx[plane * plan.inPlane + input]! += share;
    }
  });
  return tensorOf(x.dtype, x.dims, dx);
};

/** The gradient ops of the `lowbit` domain; sums in float64. */
export const gradientKernels = {
  ConvGradInput: convGradInput,
  ConvGradWeight: convGradWeight,
  BatchNormalizationGrad: batchNormalizationGrad,
  MaxPoolGrad: maxPoolGrad,
  AveragePoolGrad: averagePoolGrad,
} satisfies Readonly<Record<string, Kernel>>;
