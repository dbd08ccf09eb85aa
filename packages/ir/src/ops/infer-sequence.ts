import { tensorType, typeText, type Shape, type TensorType, type ValueType } from "../types.ts";
import { axisIndex } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { dtypeAttribute } from "./infer-generate.ts";
import { joinTypes } from "./type-join.ts";

/** The element type of a sequence operand; null when unknown. Fails on other types. */
function elementOf(context: InferContext, index: number): ValueType | null {
  const type = context.type(index);
  if (type === null) return null;
  return type.kind === "sequence"
    ? type.element
    : context.fail(`operand ${index} is ${typeText(type)}, not a sequence`);
}

/** SequenceConstruct: a sequence of what all operands have in common. */
export function inferSequenceConstruct(context: InferContext): Inferred {
  let element = context.type(0);
  for (let i = 1; i < context.inputCount; i++) element = common(context, element, context.type(i));
  return { types: [{ kind: "sequence", element }] };
}

/** SequenceEmpty: a sequence of tensors of any shape. */
export function inferSequenceEmpty(context: InferContext): Inferred {
  return { types: [{ kind: "sequence", element: tensorType(dtypeAttribute(context.node, "dtype") ?? "float", null) }] };
}

/** SequenceInsert: the sequence also holds the tensor. */
export function inferSequenceInsert(context: InferContext): Inferred {
  return { types: [{ kind: "sequence", element: common(context, elementOf(context, 0), context.type(1)) }] };
}

/** SequenceAt: an element. */
export function inferSequenceAt(context: InferContext): Inferred {
  return { types: [elementOf(context, 0)] };
}

/** ConcatFromSequence: the elements joined along an axis, or stacked along a new one. */
export function inferConcatFromSequence(context: InferContext): Inferred {
  const element = elementOf(context, 0);
  if (element?.kind !== "tensor") return { types: [null] };
  const { shape } = element;
  if (shape === null) return { types: [element] };
  const axis = context.node.int("axis", 0);
  const isNew = context.node.int("new_axis", 0) !== 0;
  const at = axisIndex(context, axis, shape.length + (isNew ? 1 : 0));
  return { types: [tensorType(element.dtype, isNew ? shape.toSpliced(at, 0, null) : shape.with(at, null))] };
}

/** SplitToSequence: pieces along an axis, which lose it when they are single slices without `keepdims`. */
export function inferSplitToSequence(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const element = (piece: Shape | null): Inferred => ({
    types: [{ kind: "sequence", element: dtype && tensorType(dtype, piece) }],
  });
  if (shape === null) return element(null);
  const axis = axisIndex(context, context.node.int("axis", 0), shape.length);
  if (!context.has(1)) {
    const keep = context.node.int("keepdims", 1) !== 0;
    return element(keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1));
  }
  const parts = context.elements(1);
  const size = shape[axis];
  const isScalar = context.shape(1)?.length === 0;
  const even = isScalar && typeof parts?.[0] === "number" && typeof size === "number" && size % parts[0] === 0;
  const same = !isScalar && parts !== null && parts.length > 0 && parts.every((part) => part === parts[0]);
  return element(shape.with(axis, even || same ? parts![0]! : null));
}

/** Optional: the operand, or nothing of the given type. */
export function inferOptional(context: InferContext): Inferred {
  const declared = context.node.attributes.get("type");
  const element = context.type(0) ?? (declared?.kind === "type_proto" ? declared.value : null);
  return { types: [{ kind: "optional", element }] };
}

/** OptionalGetElement: what the optional holds; other operands are handed on. */
export function inferOptionalGetElement(context: InferContext): Inferred {
  const type = context.type(0);
  return { types: [type?.kind === "optional" ? type.element : type] };
}

function common(context: InferContext, a: ValueType | null, b: ValueType | null): ValueType | null {
  const type = joinTypes(a, b);
  if (type === undefined)
    context.fail(`elements of one sequence must have one type, but are ${typeText(a)} and ${typeText(b)}`);
  return type ?? null;
}

/** A scalar of the given type, whatever the operands are. */
export function scalarOf(type: TensorType): () => Inferred {
  return () => ({ types: [type] });
}
