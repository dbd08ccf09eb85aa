import { integerRange } from "@lowbit/ir";
import type { QuantDType } from "@lowbit/quantize";
import type { ResultRule } from "./capabilities.ts";

/** Where results end whatever the data is. The upper ends are approached, or reached and cut off by one step. */
const ends = {
  Sigmoid: [0, 1],
  HardSigmoid: [0, 1],
  Softmax: [0, 1],
  Tanh: [-1, 1],
} as const satisfies Readonly<Record<string, readonly [low: number, high: number]>>;

/**
 * The parameters that results of an op have without any calibration: all codes of the dtype spread over [0, 1) or [-1, 1),
 * which no later input can leave. These are PyTorch's and QNNPACK's conventions: 1/256 around the lowest code, and 2/256
 * around the middle one for Tanh.
 */
export function fixedResult(op: keyof typeof ends, dtype: QuantDType): Extract<ResultRule, { kind: "fixed" }> {
  const [low, high] = ends[op];
  const [qmin, qmax] = integerRange(dtype);
  const scale = (high - low) / (qmax - qmin + 1);
  return { kind: "fixed", scale, zeroPoint: qmin - low / scale };
}
