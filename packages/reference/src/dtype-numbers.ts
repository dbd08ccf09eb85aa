import type { DType } from "@lowbit/ir";
import { dataTypeOfCode } from "@lowbit/onnx-proto";

/** The element type of a number of ONNX's `TensorProto.DataType`, as attributes such as Cast's `to` hold it. */
export function dtypeOfNumber(number: number): DType | null {
  return (dataTypeOfCode(number)?.text as DType | undefined) ?? null;
}
