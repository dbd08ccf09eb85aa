import type { Tensor, DType } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { groupsAlong } from "../arrays/regroup.ts";
import { optionalFloat, optionalInt } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { parameterPlaces } from "../quantization-parameters.ts";
import { clamp, roundHalfEven } from "../rounding.ts";

const f32 = Math.fround;

/** Smallest scale that QuantizationParameters gives when its `eps` says nothing else: the spacing of float32 at 1. */
const smallestScale = 2 ** -23;

/** What FakeQuantize and its gradient share: where each element finds its parameters, and the range of codes. */
interface Quantizer {
  readonly places: Int32Array | null;
  readonly scales: Float64Array;
  readonly zeroPoints: Float64Array;
  readonly range: readonly [number, number];
}

function quantizerOf(call: KernelCall, x: Tensor, scale: Tensor, zeroPoint: Tensor): Quantizer {
  return {
    places: parameterPlaces(call, x.dims, scale.dims, optionalInt(call.node, "axis"), call.node.int("block_size", 0)),
    scales: scale.numbers(),
    zeroPoints: zeroPoint.numbers(),
    range: [call.node.int("qmin", 0), call.node.int("qmax", 0)],
  };
}

/** `(clamp(rne(f32(x / scale)) + zp, qmin, qmax) - zp)·scale` in float32. */
export function fakeQuantizeElement(x: number, scale: number, zp: number, range: readonly [number, number]): number {
  const code = clamp(roundHalfEven(f32(x / scale)) + zp, range[0], range[1]);
  return f32(f32(code - zp) * scale);
}

const fakeQuantize: Kernel = (call) => {
  const x = call.tensor(0);
  const { places, scales, zeroPoints, range } = quantizerOf(call, x, call.tensor(1), call.tensor(2));
  const values = x.numbers().map((element, i) => {
    const place = places ? places[i]! : 0;
    return fakeQuantizeElement(element, scales[place]!, zeroPoints[place]!, range);
  });
  return tensorOf(x.dtype, x.dims, values);
};

/**
 * Straight-through inside the range, zero outside. `lower` and `upper` are bounds that the elements are clamped to before
 * they are rounded (codes stand for nothing beyond them, so that FakeQuantize itself shows no difference): the gradient
 * passes from `lower` to `upper`, both included. For the scale Esser et al. 2020 (https://arxiv.org/abs/1902.08153),
 * eq. 3; for the zero point Bhalgat et al. 2020 (https://arxiv.org/abs/2004.09576). Sums in float64.
 */
const fakeQuantizeGrad: Kernel = (call) => {
  const [dy, x, scale] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const { places, scales, zeroPoints, range } = quantizerOf(call, x, scale, call.tensor(3));
  const covered = call.node.int("covers_range", 0) === 1;
  const [lower, upper] = [
    optionalFloat(call.node, "lower") ?? -Infinity,
    optionalFloat(call.node, "upper") ?? Infinity,
  ];
  const cotangents = dy.numbers();
  const elements = x.numbers();
  const dScale = new Float64Array(scales.length);
  const dZeroPoint = new Float64Array(scales.length);
  const dx = cotangents.map((cotangent, i) => {
    const place = places ? places[i]! : 0;
    const quotient = f32(elements[i]! / scales[place]!);
    const rounded = roundHalfEven(quotient);
    const zp = zeroPoints[place]!;
    const code = rounded + zp;
    const isFree = elements[i]! >= lower && elements[i]! <= upper;
    const inside = isFree && (covered || (code >= range[0] && code <= range[1]));
    dScale[place]! += cotangent * (inside ? rounded - quotient : clamp(code, range[0], range[1]) - zp);
    dZeroPoint[place]! += inside ? 0 : -cotangent * scales[place]!;
    return inside ? cotangent : 0;
  });
  return [
    tensorOf(x.dtype, x.dims, dx),
    tensorOf(scale.dtype, scale.dims, dScale),
    tensorOf(scale.dtype, scale.dims, dZeroPoint),
  ];
};

/**
 * The range of the elements, moved on from an old one. Elements are clamped to `lower` and `upper` first where those are
 * given; `lower` itself then counts as seen.
 */
const observeRange: Kernel = (call) => {
  const [x, oldMin, oldMax] = [call.tensor(0), call.optional(1), call.optional(2)];
  const axis = optionalInt(call.node, "axis");
  const kept = axis === null ? null : call.axis(axis, x.dims.length);
  const { bases, members } = groupsAlong(
    x.dims,
    x.dims.map((_, i) => i).filter((i) => i !== kept),
  );
  const elements = x.numbers();
  const fold = (f: (a: number, b: number) => number, start: number): Float64Array =>
    Float64Array.from(bases, (base) => members.reduce((found, member) => f(found, elements[base + member]!), start));
  const mode = call.node.string("mode", "moving-average");
  const rate = f32(call.node.float("averaging_constant", 0.01));
  const merge = (old: Tensor | null, current: Float64Array, f: (a: number, b: number) => number): Tensor => {
    const dims = kept === null ? [] : [x.dims[kept]!];
    if (mode === "current" || old === null) return tensorOf(x.dtype, dims, current);
    const before = old.numbers();
    return tensorOf(
      x.dtype,
      dims,
      current.map((now, i) => {
        const then = before[i]!;
        if (!Number.isFinite(then)) return now;
        return mode === "min-max" ? f(then, now) : f32(then + f32(rate * f32(now - then)));
      }),
    );
  };
  const [lower, upper] = [optionalFloat(call.node, "lower"), optionalFloat(call.node, "upper")];
  const clamped = (element: number): number => Math.max(Math.min(element, upper ?? Infinity), lower ?? -Infinity);
  const lowest = fold(Math.min, Infinity).map((element) => lower ?? clamped(element));
  const highest = fold(Math.max, -Infinity).map(clamped);
  return [merge(oldMin, lowest, Math.min), merge(oldMax, highest, Math.max)];
};

/** Scale and zero point of a range that is widened to 0, in float32. */
export function quantizationParameters(
  min: number,
  max: number,
  range: readonly [number, number],
  symmetric: boolean,
  signed: boolean,
  eps = smallestScale,
): { readonly scale: number; readonly zeroPoint: number } {
  const [qmin, qmax] = range;
  const low = Math.min(min, 0);
  const high = Math.max(max, 0);
  if (symmetric) {
    const scale = Math.max(f32(Math.max(-low, high) / f32((qmax - qmin) / 2)), eps);
    return { scale, zeroPoint: signed ? 0 : (qmin + qmax + 1) >> 1 };
  }
  const scale = Math.max(f32(f32(high - low) / f32(qmax - qmin)), eps);
  return { scale, zeroPoint: clamp(qmin - roundHalfEven(f32(low / scale)), qmin, qmax) };
}

const quantizationParametersKernel: Kernel = (call) => {
  const min = call.tensor(0);
  const maxima = call.tensor(1).numbers();
  const dtype = call.node.string("dtype", "") as DType;
  const range = [call.node.int("qmin", 0), call.node.int("qmax", 0)] as const;
  const symmetric = call.node.int("symmetric", 0) === 1;
  const eps = call.node.float("eps", smallestScale);
  const found = Array.from(min.numbers(), (low, i) =>
    quantizationParameters(low, maxima[i]!, range, symmetric, !dtype.startsWith("u"), eps),
  );
  return [
    tensorOf(
      min.dtype,
      min.dims,
      found.map(({ scale }) => scale),
    ),
    tensorOf(
      dtype,
      min.dims,
      found.map(({ zeroPoint }) => zeroPoint),
    ),
  ];
};

/** The result is the new value; the buffer itself changes only after the evaluation. */
const assign: Kernel = (call) => {
  const buffer = call.node.inputs[0] ?? call.fail("operand 0 is missing");
  const value = call.tensor(1);
  if (buffer.initializer && (buffer.dtype !== value.dtype || sizeOf(buffer.initializer.dims) !== value.size)) {
    call.fail(`a value of ${value.dtype}[${value.dims.join(",")}] does not fit "${buffer.name}"`);
  }
  call.assign(buffer, value);
  return value;
};

/** The quantization ops of the `lowbit` domain. */
export const fakeQuantizeKernels = {
  FakeQuantize: fakeQuantize,
  FakeQuantizeGrad: fakeQuantizeGrad,
  ObserveRange: observeRange,
  QuantizationParameters: quantizationParametersKernel,
  ScaleGradient: (call) => call.tensor(0),
  Assign: assign,
} satisfies Readonly<Record<string, Kernel>>;
