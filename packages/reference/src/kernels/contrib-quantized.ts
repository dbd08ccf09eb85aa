import { integerRange, type Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { broadcast, broadcastElements } from "../arrays/map.ts";
import { aroundAxis, groupsAlong, reducedDims } from "../arrays/regroup.ts";
import type { Affine, AffineOutput } from "../integer-arithmetic/types.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { affineOf, isCode } from "../quantization-parameters.ts";
import { clamp, roundHalfEven } from "../rounding.ts";
import { sigmoid } from "../special-functions.ts";
import { matMulSums, outputOf } from "./integer-products.ts";
import { concatenate } from "./joining.ts";
import { permuted } from "./shape.ts";
import { averageCounts, averageWindows, planPool, windowSums, type PoolPlan } from "./pooling.ts";
import { dequantizeElement, quantizeElement } from "./quantize-linear.ts";

const f32 = Math.fround;

/** The parameters at operands `index` (scale) and `index + 1` (zero point, absent: 0). */
function affineAt(call: KernelCall, index: number): Affine {
  return affineOf(call, call.tensor(index), call.optional(index + 1));
}

/** Output parameters at operands `index` and `index + 1`; without a zero point the dtype is that of X. */
function outputAt(call: KernelCall, index: number, x: Tensor): AffineOutput {
  const zeroPoint = call.optional(index + 1);
  if (!isCode(x.dtype)) call.fail(`codes cannot be ${x.dtype}`);
  return zeroPoint
    ? outputOf(call, call.tensor(index), zeroPoint)
    : { scale: call.scalar(index), zeroPoint: 0, range: integerRange(x.dtype) };
}

/** Two operands `(code, scale, zero point)` each, and the output's parameters. */
const binary =
  (make: (call: KernelCall, a: Affine, b: Affine, y: AffineOutput) => (a: number, b: number) => number): Kernel =>
  (call) => {
    const [a, b] = [call.tensor(0), call.tensor(3)];
    const dims = broadcast(call, a, b);
    const f = make(call, affineAt(call, 1), affineAt(call, 4), outputAt(call, 6, a));
    const bs = broadcastElements(b, dims) as Float64Array;
    const results = (broadcastElements(a, dims) as Float64Array).map((code, i) => f(code, bs[i]!));
    return tensorOf(a.dtype, dims, results);
  };

/**
 * A sum; the runtime adds the operand that stays the same along the last axis first, whichever it is, and otherwise b first.
 */
function add(call: KernelCall, a: Affine, b: Affine, y: AffineOutput): (a: number, b: number) => number {
  const [first, second] = [call.tensor(0).dims, call.tensor(3).dims];
  const lastOf = (dims: readonly number[], fromEnd: number): number => dims[dims.length - fromEnd] ?? 1;
  const rank = Math.max(first.length, second.length);
  let fromEnd = 1;
  while (fromEnd < rank && lastOf(first, fromEnd) === 1 && lastOf(second, fromEnd) === 1) fromEnd++;
  if (lastOf(first, fromEnd) > 1 || lastOf(second, fromEnd) === 1) return call.arithmetic.add(a, b, y);
  const swapped = call.arithmetic.add(b, a, y);
  return (qa, qb) => swapped(qb, qa);
}

/** A table from each code to the code of a float function of it, as the runtimes build it. */
const lookup =
  (make: (call: KernelCall) => (x: number) => number): Kernel =>
  (call) => {
    const x = call.tensor(0);
    const [from, y] = [affineAt(call, 1), outputAt(call, 3, x)];
    const f = make(call);
    const codes = x.numbers().map((code) => {
      const value = f32(f(dequantizeElement(code, from.scale, from.zeroPoint)));
      return quantizeElement(value, y.scale, y.zeroPoint, y.range);
    });
    return tensorOf(x.dtype, x.dims, codes);
  };

/** `rne(e·floor(1/sy)/Σe) + zy` with `e = exp((q - max)·sx)`: meant for output scales 1/256 and 1/255. */
const softmax: Kernel = (call) => {
  const x = call.tensor(0);
  const [from, y] = [affineAt(call, 1), outputAt(call, 3, x)];
  const axis = call.axis(call.node.int("axis", -1), x.dims.length);
  // Before opset 13 all axes from `axis` on are one.
  const { outer, length, inner } =
    call.node.int("opset", 13) < 13
      ? { outer: sizeOf(x.dims.slice(0, axis)), length: sizeOf(x.dims.slice(axis)), inner: 1 }
      : aroundAxis(x.dims, axis);
  const codes = x.numbers();
  const steps = Math.floor(f32(1 / y.scale));
  const results = new Float64Array(codes.length);
  for (let group = 0; group < outer * inner; group++) {
    const places = Array.from({ length }, (_, i) => (Math.floor(group / inner) * length + i) * inner + (group % inner));
    const largest = places.reduce((max, place) => Math.max(max, codes[place]!), -Infinity);
    const powers = places.map((place) => f32(Math.exp((codes[place]! - largest) * from.scale)));
    const sum = powers.reduce((total, power) => f32(total + power), 0);
    for (const [i, place] of places.entries()) {
      const scaled = roundHalfEven(f32(f32(powers[i]! * steps) / sum)) + y.zeroPoint;
      results[place] = clamp(scaled, y.range[0], y.range[1]);
    }
  }
  return tensorOf(x.dtype, x.dims, results);
};

/** Operands `(codes, scale, zero point)` from index 2 on, each requantized to the output's parameters. */
const concat: Kernel = (call) => {
  const first = call.tensor(2);
  const y = outputAt(call, 0, first);
  const parts = Array.from({ length: (call.inputs.length - 2) / 3 }, (_, i) => {
    const x = call.tensor(2 + 3 * i);
    const from = affineAt(call, 3 + 3 * i);
    const same = from.scale === y.scale && from.zeroPoint === y.zeroPoint;
    if (same) return x;
    return tensorOf(
      x.dtype,
      x.dims,
      x.numbers().map((code) => requantizeCode(code, from, y)),
    );
  });
  const axis = call.axis(call.node.int("axis", 0), first.dims.length);
  return concatenate(parts, axis) ?? call.fail(`the operands' shapes differ beside axis ${axis}`);
};

/** Runs a kernel of channels-first codes on channels-last ones when the node says so. */
const channelsFirst =
  (kernel: (call: KernelCall, x: Tensor) => Tensor): Kernel =>
  (call) => {
    const x = call.tensor(0);
    if (call.node.int("channels_last", 0) === 0) return kernel(call, x);
    const rank = x.dims.length;
    const spatial = Array.from({ length: rank - 2 }, (_, i) => i);
    const y = kernel(call, permuted(x, [0, rank - 1, ...spatial.map((i) => i + 1)]));
    return permuted(y, [0, ...spatial.map((i) => i + 2), 1]);
  };

/** Pools the dequantized values, `rne(y/sy + zy)`, or sums of codes where the arithmetic does. */
const averagePool = channelsFirst((call, x) => {
  const [from, y] = [affineAt(call, 1), outputAt(call, 3, x)];
  const plan = planPool(call, x.dims);
  if (call.arithmetic.poolsOn === "codes") return tensorOf(x.dtype, plan.yDims, pooledCodes(call, plan, x, from, y));
  const values = x.numbers().map((code) => dequantizeElement(code, from.scale, from.zeroPoint));
  const codes = averageWindows(call, plan, values).map((mean) =>
    clamp(roundHalfEven(f32(f32(f32(mean) / y.scale) + y.zeroPoint)), y.range[0], y.range[1]),
  );
  return tensorOf(x.dtype, plan.yDims, codes);
});

/** Averages of codes whose zero point is taken out first, so that padding adds nothing. */
function pooledCodes(call: KernelCall, plan: PoolPlan, x: Tensor, from: Affine, y: AffineOutput): Float64Array {
  const counts = averageCounts(call, plan);
  const sums = windowSums(
    plan,
    x.numbers().map((code) => code - from.zeroPoint),
  );
  const averages = new Map<number, (sum: number) => number>();
  for (const count of counts) averages.set(count, call.arithmetic.average({ ...from, zeroPoint: 0 }, y, count));
  return sums.map((sum, i) => averages.get(counts[i % plan.outPlane]!)!(sum));
}

const globalAveragePool = channelsFirst((call, x) => {
  const [from, y] = [affineAt(call, 1), outputAt(call, 3, x)];
  const plane = sizeOf(x.dims.slice(2));
  const average = call.arithmetic.average(from, y, plane);
  const codes = x.numbers();
  const means = Array.from({ length: x.dims[0]! * x.dims[1]! }, (_, i) =>
    average(codes.subarray(i * plane, (i + 1) * plane).reduce((sum, code) => sum + code, 0)),
  );
  return tensorOf(
    x.dtype,
    x.dims.map((dim, axis) => (axis < 2 ? dim : 1)),
    means,
  );
});

/** Codes of one of two operands, each requantized to the output's parameters. */
const where: Kernel = (call) => {
  const [condition, x, y] = [call.tensor(0), call.tensor(1), call.tensor(4)];
  const dims = broadcast(call, condition, x, y);
  const z = outputAt(call, 7, x);
  const requantized = (operand: Tensor, index: number): Float64Array => {
    const from = affineAt(call, index);
    const codes = broadcastElements(operand, dims) as Float64Array;
    if (from.scale === z.scale && from.zeroPoint === z.zeroPoint) return codes;
    return codes.map((code) => requantizeCode(code, from, z));
  };
  const [xs, ys] = [requantized(x, 2), requantized(y, 5)];
  const chosen = broadcastElements(condition, dims) as Float64Array;
  return tensorOf(
    x.dtype,
    dims,
    xs.map((code, i) => (chosen[i] !== 0 ? code : ys[i]!)),
  );
};

/** Means of dequantized values over axes. */
const reduceMean: Kernel = (call) => {
  const x = call.tensor(0);
  const [from, y] = [affineAt(call, 1), outputAt(call, 3, x)];
  const axes = call.node.ints("axes", []).map((axis) => call.axis(axis, x.dims.length));
  const { bases, members } = groupsAlong(x.dims, axes);
  const codes = x.numbers();
  const means = Float64Array.from(bases, (base) => {
    const sum = members.reduce((total, member) => total + codes[base + member]!, 0);
    const mean = f32((sum / members.length - from.zeroPoint) * from.scale);
    return quantizeElement(mean, y.scale, y.zeroPoint, y.range);
  });
  return tensorOf(x.dtype, reducedDims(x.dims, axes, call.node.int("keepdims", 1) === 1), means);
};

function requantizeCode(code: number, from: Affine, to: AffineOutput): number {
  return quantizeElement(dequantizeElement(code, from.scale, from.zeroPoint), to.scale, to.zeroPoint, to.range);
}

/** `requantize(A'·B' + C)`; without an output scale the float `f32(acc)·f32(alpha·sa·sb)`. */
const gemm: Kernel = (call) => {
  const [aZero, bZero, c] = [call.tensor(2), call.tensor(5), call.optional(6)];
  const a = call.node.int("transA", 0) === 1 ? permuted(call.tensor(0), [1, 0]) : call.tensor(0);
  const b = call.node.int("transB", 0) === 1 ? permuted(call.tensor(3), [1, 0]) : call.tensor(3);
  const { sums, dims, columns } = matMulSums(call, a, b, aZero, bZero);
  const addend = c && (broadcastElements(c, dims) as Float64Array);
  const accumulators = sums.map((sum, i) => sum + (addend ? addend[i]! : 0));
  const alpha = call.node.float("alpha", 1);
  const aScale = f32(alpha * call.scalar(1));
  const bScales = call.tensor(4).numbers();
  const column = (i: number): number => (bScales.length === 1 ? 0 : i % columns);
  const yScale = call.optional(7);
  if (!yScale) {
    const values = Float64Array.from(accumulators, (sum, i) => f32(f32(sum) * f32(aScale * bScales[column(i)]!)));
    return tensorOf("float", dims, values);
  }
  const y = outputAt(call, 7, a);
  const requantize = Array.from(bScales, (scale) => call.arithmetic.requantize({ x: aScale, w: scale }, y));
  return tensorOf(
    call.optional(8)?.dtype ?? a.dtype,
    dims,
    Float64Array.from(accumulators, (sum, i) => requantize[column(i)]!(sum)),
  );
};

/** The quantized ops of ONNX Runtime's `com.microsoft` domain, with its formulas. */
export const contribQuantizedKernels = {
  QLinearAdd: binary(add),
  QLinearMul: binary((call, a, b, y) => call.arithmetic.multiply(a, b, y)),
  QLinearSigmoid: lookup(() => sigmoid),
  QLinearLeakyRelu: lookup(({ node }) => {
    const alpha = node.float("alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  }),
  QLinearSoftmax: softmax,
  QLinearConcat: concat,
  QLinearAveragePool: averagePool,
  QLinearGlobalAveragePool: globalAveragePool,
  QLinearWhere: where,
  QLinearReduceMean: reduceMean,
  QGemm: gemm,
} satisfies Readonly<Record<string, Kernel>>;
