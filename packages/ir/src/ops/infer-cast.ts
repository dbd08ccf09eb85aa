import { isFloat, isInteger, tensorType, type Dim, type DType } from "../types.ts";
import { asElement } from "./dim-algebra.ts";
import { dtypeAttribute } from "./infer-generate.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** Cast: the same elements in the dtype that `to` names. */
export function inferCast(context: InferContext): Inferred {
  const to = dtypeAttribute(context.node, "to");
  if (to === null) return context.fail(`the attribute to names no element type: ${context.node.int("to", 0)}`);
  return castTo(context, to);
}

/** CastLike: the same elements in the second operand's dtype. */
export function inferCastLike(context: InferContext): Inferred {
  const to = context.dtype(1);
  return to === null ? { types: [null] } : castTo(context, to);
}

/** BitCast: the same bytes read as another dtype of the same width. */
export function inferBitCast(context: InferContext): Inferred {
  const to = dtypeAttribute(context.node, "to");
  return { types: [to && tensorType(to, context.shape(0))] };
}

function castTo(context: InferContext, to: DType): Inferred {
  const known = context.flatElements(0);
  return {
    types: [tensorType(to, context.shape(0))],
    elements: [known && known.map((element) => castElement(element, to))],
  };
}

function castElement(element: Dim, to: DType): Dim {
  if (to === "bool") return typeof element === "number" ? Number(element !== 0) : null;
  if (isInteger(to)) return asElement(typeof element === "number" ? Math.trunc(element) : element, to);
  return isFloat(to) ? asElement(element, to) : null;
}
