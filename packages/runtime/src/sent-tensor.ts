import type * as ort from "onnxruntime-node";

/** A tensor between threads. */
export interface SentTensor {
  readonly type: ort.Tensor.Type;
  readonly data: ort.Tensor.DataType;
  readonly dims: readonly number[];
}
