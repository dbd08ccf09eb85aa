import { defineOp, float, floats, int, ints, string, strings, tensor, type AttributeSchema } from "./define-op.ts";
import {
  inferConstant,
  inferConstantOfShape,
  inferEyeLike,
  inferMelWeightMatrix,
  inferRange,
  inferWindowFunction,
} from "./infer-generate.ts";

const parameter = { role: "parameter" } as const;
const windowAttributes = { output_datatype: int(1), periodic: int(1) };
const sparseTensor: AttributeSchema<"sparse_tensor", false> = { kind: "sparse_tensor", required: false };

/** Ops that make tensors out of attributes and sizes. */
export const generateOps = {
  Constant: defineOp("Constant", {
    since: (node) => (node.attributes.has("value") ? 1 : node.attributes.has("sparse_value") ? 11 : 12),
    inputs: [],
    outputs: ["output"],
    attributes: {
      sparse_value: sparseTensor,
      value: tensor(),
      value_float: float(),
      value_floats: floats(),
      value_int: int(),
      value_ints: ints(),
      value_string: string(),
      value_strings: strings(),
    },
    infer: inferConstant,
  }),
  ConstantOfShape: defineOp("ConstantOfShape", {
    since: (node) => (node.tensor("value")?.dtype === "bfloat16" ? 20 : 9),
    inputs: ["input"],
    outputs: ["output"],
    attributes: { value: tensor() },
    roles: { input: parameter },
    infer: inferConstantOfShape,
  }),
  Range: defineOp("Range", {
    since: 11,
    inputs: ["start", "limit", "delta"],
    outputs: ["output"],
    roles: { start: parameter, limit: parameter, delta: parameter },
    infer: inferRange,
  }),
  EyeLike: defineOp("EyeLike", {
    since: 9,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: int(), k: int(0) },
    traits: ["shapeOnly"],
    infer: inferEyeLike,
  }),
  BlackmanWindow: defineOp("BlackmanWindow", {
    since: 17,
    inputs: ["size"],
    outputs: ["output"],
    attributes: windowAttributes,
    roles: { size: parameter },
    infer: inferWindowFunction,
  }),
  HammingWindow: defineOp("HammingWindow", {
    since: 17,
    inputs: ["size"],
    outputs: ["output"],
    attributes: windowAttributes,
    roles: { size: parameter },
    infer: inferWindowFunction,
  }),
  HannWindow: defineOp("HannWindow", {
    since: 17,
    inputs: ["size"],
    outputs: ["output"],
    attributes: windowAttributes,
    roles: { size: parameter },
    infer: inferWindowFunction,
  }),
  MelWeightMatrix: defineOp("MelWeightMatrix", {
    since: 17,
    inputs: ["num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"],
    outputs: ["output"],
    attributes: { output_datatype: int(1) },
    roles: { num_mel_bins: parameter, dft_length: parameter, sample_rate: parameter },
    infer: inferMelWeightMatrix,
  }),
};
