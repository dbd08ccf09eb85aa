import type { Node } from "../graph/node.ts";
import { elementCount, tensorType, type Dim, type DType, type Shape } from "../types.ts";
import { dtypeOfCode } from "./dtype-code.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { commonDType } from "./infer-elementwise.ts";
import { dataOfConstant, elementsOfTensor, maxElements } from "./elements.ts";
import { unknownDims } from "./axes.ts";

/** Constant: the type of the one value attribute that is there. Its elements are read off the node itself. */
export function inferConstant(context: InferContext): Inferred {
  const { node } = context;
  const data = dataOfConstant(node);
  if (data) return { types: [data.type] };
  const text = node.attributes.get("value_strings");
  if (text?.kind === "strings") return { types: [tensorType("string", [text.value.length])] };
  return { types: [node.attributes.has("value_string") ? tensorType("string", []) : null] };
}

/** ConstantOfShape: one value everywhere, the shape given as an operand. */
export function inferConstantOfShape(context: InferContext): Inferred {
  const value = context.node.tensor("value");
  const dims = context.elements(0);
  const shape = dims ?? shapeOfRank(context, 0);
  const dtype = value?.dtype ?? "float";
  const length = elementCount(shape);
  const isSmall = length !== null && length <= maxElements;
  const element = value ? (elementsOfTensor(value)?.[0] ?? null) : 0;
  return {
    types: [tensorType(dtype, shape)],
    elements: [isSmall && element !== null ? Array.from({ length }, () => element) : null],
  };
}

/** Range: from start, by delta, before limit. */
export function inferRange(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2]);
  const [start, limit, delta] = [0, 1, 2].map((index) => context.elements(index)?.[0] ?? null);
  const type = (length: Dim): Inferred["types"] => [dtype && tensorType(dtype, [length])];
  if (start === 0 && delta === 1 && typeof limit === "string") return { types: type(limit) };
  if (typeof start !== "number" || typeof limit !== "number" || typeof delta !== "number") return { types: type(null) };
  if (delta === 0) context.fail("delta must not be 0");
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  const small = length <= maxElements;
  return { types: type(length), elements: [small ? Array.from({ length }, (_, i) => start + i * delta) : null] };
}

/** EyeLike: the operand's shape, and the dtype of the attribute or the operand. */
export function inferEyeLike(context: InferContext): Inferred {
  const dtype = dtypeAttribute(context.node, "dtype") ?? context.dtype(0);
  return { types: [dtype && tensorType(dtype, context.shape(0))] };
}

/** Window functions: as many elements as the operand says. */
export function inferWindowFunction(context: InferContext): Inferred {
  const dtype = dtypeAttribute(context.node, "output_datatype") ?? "float";
  return { types: [tensorType(dtype, [context.elements(0)?.[0] ?? null])] };
}

/** MelWeightMatrix: [dft_length / 2 + 1, num_mel_bins]. */
export function inferMelWeightMatrix(context: InferContext): Inferred {
  const dtype = dtypeAttribute(context.node, "output_datatype") ?? "float";
  const bins = context.elements(0)?.[0] ?? null;
  const length = context.elements(1)?.[0] ?? null;
  const spectrum = typeof length === "number" ? Math.floor(length / 2) + 1 : null;
  return { types: [tensorType(dtype, [spectrum, bins])] };
}

/** The dtype an integer attribute names by its ONNX number; null when the attribute is absent. */
export function dtypeAttribute(node: Node, name: string): DType | null {
  return dtypeOfCode(node.int(name, 0));
}

function shapeOfRank(context: InferContext, index: number): Shape | null {
  const rank = context.shape(index)?.[0];
  return typeof rank === "number" ? unknownDims(rank) : null;
}
