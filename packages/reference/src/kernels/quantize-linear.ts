import { integerRange, Tensor, type DType } from "@lowbit/ir";
import { float8Values, toFloat8Array, type Float8Format } from "@lowbit/onnx-proto";
import { tensorOf } from "../arrays/elements.ts";
import { dtypeOfNumber } from "../dtype-numbers.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { isCode, parameterPlaces } from "../quantization-parameters.ts";
import { clamp, roundHalfEven } from "../rounding.ts";

/** `sat(rne(clamp(f32(x / scale), low - zp, high - zp)) + zp)`: the float32 quotient, ties to even. */
export function quantizeElement(x: number, scale: number, zeroPoint: number, range: readonly [number, number]): number {
  return roundHalfEven(clamp(Math.fround(x / scale), range[0] - zeroPoint, range[1] - zeroPoint)) + zeroPoint;
}

/** `f32(f32(code - zp)·scale)`. */
export function dequantizeElement(code: number, scale: number, zeroPoint: number): number {
  return Math.fround(Math.fround(code - zeroPoint) * scale);
}

const quantizeLinear: Kernel = (call) => {
  const [x, scale, zeroPoint] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const dtype = zeroPoint?.dtype ?? outputDType(call, "uint8");
  const places = parameterPlaces(call, x.dims, scale.dims, call.node.int("axis", 1), call.node.int("block_size", 0));
  const scales = scale.numbers();
  const zeroPoints = zeroPoint?.numbers() ?? new Float64Array(scales.length);
  const elements = x.numbers();
  if (isCode(dtype)) {
    const range = integerRange(dtype);
    const codes = elements.map((element, i) => {
      const place = places ? places[i]! : 0;
      return quantizeElement(element, scales[place]!, zeroPoints[place]!, range);
    });
    return tensorOf(dtype, x.dims, codes);
  }
  const format = dtype.slice("float8".length);
  if (dtype !== "float4e2m1" && !Object.hasOwn(float8Values, format)) call.fail(`cannot quantize to ${dtype}`);
  const quotients = elements.map((element, i) => {
    const place = places ? places[i]! : 0;
    return Math.fround(Math.fround(element / scales[place]!) + zeroPoints[place]!);
  });
  if (dtype === "float4e2m1") return tensorOf(dtype, x.dims, quotients);
  const saturate = call.node.int("saturate", 1) !== 0;
  return Tensor.fromTyped(dtype, x.dims, toFloat8Array(format as Float8Format, quotients, saturate));
};

const dequantizeLinear: Kernel = (call) => {
  const [x, scale, zeroPoint] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const places = parameterPlaces(call, x.dims, scale.dims, call.node.int("axis", 1), call.node.int("block_size", 0));
  const scales = scale.numbers();
  const zeroPoints = zeroPoint?.numbers() ?? new Float64Array(scales.length);
  const values = x.numbers().map((code, i) => {
    const place = places ? places[i]! : 0;
    return dequantizeElement(code, scales[place]!, zeroPoints[place]!);
  });
  return tensorOf(outputDType(call, scale.dtype), x.dims, values);
};

function outputDType(call: KernelCall, fallback: DType): DType {
  const number = call.node.int("output_dtype", 0);
  if (number === 0) return fallback;
  return dtypeOfNumber(number) ?? call.fail(`output_dtype ${number} is not an ONNX data type`);
}

/**
 * Codes, scale `f32((max - min) / 255)` over the range widened to 0, and zero point `sat(rne(-min / scale))`, as
 * DynamicQuantizeLinear gives them.
 */
export function dynamicallyQuantized(x: Tensor): readonly [codes: Tensor, scale: Tensor, zeroPoint: Tensor] {
  const elements = x.numbers();
  const low = elements.reduce((a, b) => Math.min(a, b), 0);
  const high = elements.reduce((a, b) => Math.max(a, b), 0);
  const scale = high === low ? 1 : Math.fround(Math.fround(high - low) / 255);
  const zeroPoint = roundHalfEven(clamp(Math.fround(-low / scale), 0, 255));
  const codes = elements.map((element) => quantizeElement(element, scale, zeroPoint, [0, 255]));
  return [tensorOf("uint8", x.dims, codes), Tensor.scalar("float", scale), Tensor.scalar("uint8", zeroPoint)];
}

/** Conversions between real values and codes, in the float32 steps of the runtimes. */
export const quantizeLinearKernels = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: (call) => dynamicallyQuantized(call.tensor(0)),
} satisfies Readonly<Record<string, Kernel>>;
