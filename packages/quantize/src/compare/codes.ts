import { axisFromFirst, integerRange, type Node, type Value } from "@lowbit/ir";
import type { CodeGrid } from "../analyze/code-statistics.ts";
import { quantDTypes, type QuantDType } from "../plan/spec.ts";
import type { ModelData } from "./model-data.ts";

/** At which operand the scale of a result stands in ops on codes; the zero point is behind it. */
const resultScales: Readonly<Record<string, number>> = {
  QuantizeLinear: 1,
  QLinearConv: 6,
  QLinearMatMul: 6,
  QGemm: 7,
  QLinearAdd: 6,
  QLinearMul: 6,
  QLinearSigmoid: 3,
  QLinearLeakyRelu: 3,
  QLinearSoftmax: 3,
  QLinearAveragePool: 3,
  QLinearGlobalAveragePool: 3,
  QLinearReduceMean: 3,
  QLinearConcat: 0,
  QLinearWhere: 7,
};

/** How the codes of a value are to be read; null where it has none, or their scale is no data of the model. */
export function gridOfCodes(codes: Value, data: ModelData): CodeGrid | null {
  for (let value: Value | null = codes; value?.producer;) {
    const { producer }: Value = value;
    const at = resultScales[producer!.op];
    if (at !== undefined) return gridAt(producer!, at, codes, data);
    // Other ops move codes as they are.
    value = producer!.inputs[0] ?? null;
  }
  return null;
}

/** The grid that a node's operands tell. @param at index of the scale @param codes what has the dtype */
export function gridAt(node: Node, at: number, codes: Value, data: ModelData): CodeGrid | null {
  const [scaleValue, zeroValue] = [node.inputs[at] ?? null, node.inputs[at + 1] ?? null];
  const scale = scaleValue && data.of(scaleValue);
  const zeroPoint = zeroValue && data.of(zeroValue);
  const dtype = codes.dtype ?? zeroPoint?.dtype ?? "uint8";
  if (!scale || (zeroValue && !zeroPoint) || !isQuantDType(dtype)) return null;
  const scales = [...scale.floats()];
  const zeros = zeroPoint ? [...zeroPoint.numbers()] : scales.map(() => 0);
  const [least, most] = integerRange(dtype);
  // Symmetric codes leave out the lowest one.
  const isSymmetric = least < 0 && zeros.every((zero) => zero === 0);
  const rank = codes.shape?.length ?? 0;
  const axis = node.int("axis", 1);
  const blockSize = node.int("block_size", 0);
  return {
    dtype,
    qmin: isSymmetric ? -most : least,
    qmax: most,
    scale: scales,
    zeroPoint: zeros,
    axis: scale.size === 1 ? null : axisFromFirst(axis, rank),
    blockSize: blockSize > 0 ? blockSize : null,
  };
}

function isQuantDType(dtype: string): dtype is QuantDType {
  return quantDTypes.some((each) => each === dtype);
}
