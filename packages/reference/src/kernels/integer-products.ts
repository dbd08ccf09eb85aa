import { integerRange, type Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { AffineOutput } from "../integer-arithmetic/types.ts";
import { convolveIntegers } from "../integer-convolution.ts";
import { exactDot, saturatingDot, type IntegerDot } from "../integer-dot.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { affineOf, isCode } from "../quantization-parameters.ts";
import { planConvolution, type ConvolutionPlan } from "./convolution.ts";
import { planMatMul } from "./matmul.ts";

/** Integer elements as int32. */
function codes(tensor: Tensor): Int32Array {
  return Int32Array.from(tensor.numbers());
}

/** The sum of products the backend's kernels use for operands of these dtypes. */
function dotFor(call: KernelCall, x: Tensor, w: Tensor): IntegerDot {
  const saturates = call.arithmetic.accumulate === "saturating-pairs" && x.dtype === "uint8" && w.dtype === "int8";
  return saturates ? saturatingDot : exactDot;
}

/** The output's parameters with the range of its dtype. */
export function outputOf(call: KernelCall, scale: Tensor, zeroPoint: Tensor): AffineOutput {
  if (!isCode(zeroPoint.dtype)) call.fail(`codes cannot be ${zeroPoint.dtype}`);
  return { ...affineOf(call, scale, zeroPoint), range: integerRange(zeroPoint.dtype) };
}

/** A convolution's accumulators before the bias, in the order of its result. */
function convolutionSums(
  call: KernelCall,
  [x, xZeroPoint]: readonly [Tensor, Tensor | null],
  [w, wZeroPoint]: readonly [Tensor, Tensor | null],
  dotOf: (plan: ConvolutionPlan) => IntegerDot,
): { readonly sums: Int32Array; readonly dims: readonly number[] } {
  const plan = planConvolution(call, x.dims, w.dims);
  const wZeroPoints = wZeroPoint?.numbers() ?? [0];
  if (wZeroPoints.length !== 1 && wZeroPoints.length !== w.dims[0]) {
    call.fail(`${wZeroPoints.length} weight zero points for ${w.dims[0]} output channels`);
  }
  if (xZeroPoint && xZeroPoint.size !== 1) call.fail(`the zero point of x has ${xZeroPoint.size} elements`);
  const operands = { x: codes(x), w: codes(w), xZeroPoint: xZeroPoint?.item() ?? 0, wZeroPoints };
  return { sums: convolveIntegers(plan, operands, dotOf(plan)), dims: plan.yDims };
}

/** Exact on every machine: ONNX Runtime multiplies weights by columns, int8 x uint8, which has no saturating kernel. */
const convInteger: Kernel = (call) => {
  const [x, w] = [call.tensor(0), call.tensor(1)];
  const { sums, dims } = convolutionSums(call, [x, call.optional(2)], [w, call.optional(3)], () => exactDot);
  return tensorOf("int32", dims, Float64Array.from(sums));
};

const qLinearConv: Kernel = (call) => {
  const [x, w, bias] = [call.tensor(0), call.tensor(3), call.optional(8)];
  const { sums, dims } = convolutionSums(call, [x, call.tensor(2)], [w, call.tensor(5)], ({ sizes }) => {
    const depthwise = sizes.inChannels === 1 && sizes.outChannels === 1 && sizes.groups > 1;
    return depthwise ? exactDot : dotFor(call, x, w);
  });
  const y = outputOf(call, call.tensor(6), call.tensor(7));
  const xScale = call.scalar(1);
  const wScales = call.tensor(4).numbers();
  const channels = dims[1]!;
  if (wScales.length !== 1 && wScales.length !== channels)
    call.fail(`${wScales.length} weight scales for ${channels} output channels`);
  const requantize = Array.from(wScales, (scale) => call.arithmetic.requantize({ x: xScale, w: scale }, y));
  const biases = bias?.numbers();
  const plane = sizeOf(dims.slice(2));
  const quantized = Float64Array.from(sums, (sum, i) => {
    const channel = Math.floor(i / plane) % channels;
    const accumulator = (sum + (biases?.[channel] ?? 0)) | 0;
    return requantize[requantize.length === 1 ? 0 : channel]!(accumulator);
  });
  return tensorOf(call.tensor(7).dtype, dims, quantized);
};

/** Accumulators of an integer matrix product, row-major, with the row and column each belongs to. */
interface ProductSums {
  readonly sums: Int32Array;
  readonly dims: readonly number[];
  readonly rows: number;
  readonly columns: number;
}

/** Zero points: one for all, one per row of A, or one per column of B. */
export function matMulSums(
  call: KernelCall,
  a: Tensor,
  b: Tensor,
  aZeroPoint: Tensor | null,
  bZeroPoint: Tensor | null,
): ProductSums {
  const plan = planMatMul(call, a.dims, b.dims);
  const { rows, inner, columns } = plan;
  const dot = dotFor(call, a, b);
  const left = codes(a);
  const right = transposedMatrices(codes(b), inner, columns);
  const aZeros = aZeroPoint?.numbers() ?? [0];
  const bZeros = bZeroPoint?.numbers() ?? [0];
  if (aZeros.length !== 1 && aZeros.length !== rows) call.fail(`${aZeros.length} zero points for ${rows} rows`);
  if (bZeros.length !== 1 && bZeros.length !== columns)
    call.fail(`${bZeros.length} zero points for ${columns} columns`);
  const sums = new Int32Array(plan.aStarts.length * rows * columns);
  let at = 0;
  for (let batch = 0; batch < plan.aStarts.length; batch++) {
    for (let row = 0; row < rows; row++) {
      const aZero = aZeros.length === 1 ? aZeros[0]! : aZeros[row]!;
      for (let column = 0; column < columns; column++) {
        const bZero = bZeros.length === 1 ? bZeros[0]! : bZeros[column]!;
        const aStart = plan.aStarts[batch]! + row * inner;
        const bStart = plan.bStarts[batch]! + column * inner;
        sums[at++] = dot(left, aStart, right, bStart, inner, aZero, bZero);
      }
    }
  }
  return { sums, dims: plan.dims, rows, columns };
}

/** Each `[inner, columns]` matrix of a batch as `[columns, inner]`. */
function transposedMatrices(b: Int32Array, inner: number, columns: number): Int32Array {
  const moved = new Int32Array(b.length);
  for (let start = 0; start < b.length; start += inner * columns) {
    for (let k = 0; k < inner; k++) {
      for (let column = 0; column < columns; column++) {
        moved[start + column * inner + k] = b[start + k * columns + column]!;
      }
    }
  }
  return moved;
}

const matMulInteger: Kernel = (call) => {
  const { sums, dims } = matMulSums(call, call.tensor(0), call.tensor(1), call.optional(2), call.optional(3));
  return tensorOf("int32", dims, Float64Array.from(sums));
};

/** Scales: one for all, one per row of A, one per column of B. */
const qLinearMatMul: Kernel = (call) => {
  const { sums, dims, rows, columns } = matMulSums(
    call,
    call.tensor(0),
    call.tensor(3),
    call.tensor(2),
    call.tensor(5),
  );
  const y = outputOf(call, call.tensor(6), call.tensor(7));
  const aScales = call.tensor(1).numbers();
  const bScales = call.tensor(4).numbers();
  if ((aScales.length !== 1 && aScales.length !== rows) || (bScales.length !== 1 && bScales.length !== columns)) {
    call.fail(`${aScales.length} and ${bScales.length} scales for ${rows} rows and ${columns} columns`);
  }
  const requantize = Array.from(aScales, (a) =>
    Array.from(bScales, (b) => call.arithmetic.requantize({ x: a, w: b }, y)),
  );
  const quantized = Float64Array.from(sums, (sum, i) => {
    const row = aScales.length === 1 ? 0 : Math.floor(i / columns) % rows;
    const column = bScales.length === 1 ? 0 : i % columns;
    return requantize[row]![column]!(sum);
  });
  return tensorOf(call.tensor(7).dtype, dims, quantized);
};

/** Convolutions and matrix products on codes; int32 accumulators that wrap around, requantized as the backend does. */
export const integerProductKernels = {
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,
} satisfies Readonly<Record<string, Kernel>>;
