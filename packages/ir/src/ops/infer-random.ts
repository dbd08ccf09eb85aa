import { tensorType } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { dtypeAttribute } from "./infer-generate.ts";

/** Dropout: the operand's type, and a bool mask of its shape. */
export function inferDropout(context: InferContext): Inferred {
  return { types: [context.type(0), tensorType("bool", context.shape(0))] };
}

/** Random numbers in the shape and dtype that attributes give. */
export function inferRandom(context: InferContext): Inferred {
  const { node } = context;
  return { types: [tensorType(dtypeAttribute(node, "dtype") ?? "float", node.ints("shape", []))] };
}

/** Random numbers in the operand's shape, and its dtype unless the attribute gives another. */
export function inferRandomLike(context: InferContext): Inferred {
  const dtype = dtypeAttribute(context.node, "dtype") ?? context.dtype(0);
  return { types: [dtype && tensorType(dtype, context.shape(0))] };
}

/** Multinomial: [batch, sample_size] class numbers. */
export function inferMultinomial(context: InferContext): Inferred {
  const dtype = dtypeAttribute(context.node, "dtype") ?? "int32";
  return { types: [tensorType(dtype, [context.shape(0)?.[0] ?? null, context.node.int("sample_size", 1)])] };
}
