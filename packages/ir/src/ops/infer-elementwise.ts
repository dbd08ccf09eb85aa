import { shapeText, tensorType, type Dim, type DType, type Shape } from "../types.ts";
import { asElement } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** The result has the type of the first operand, and its elements when they are known. */
export function sameAsFirst(context: InferContext): Inferred {
  return { types: [context.type(0)] };
}

/** The result is the first operand, element by element. */
export function copyOfFirst(context: InferContext): Inferred {
  return { types: [context.type(0)], elements: [context.flatElements(0)] };
}

/** The result has the first operand's shape and the given dtype. */
export function sameShapeAs(dtype: DType): (context: InferContext) => Inferred {
  return (context) => ({ types: [tensorType(dtype, context.shape(0))] });
}

/** The result has the first operand's type; known elements are computed one by one. */
export function unaryElements(compute: (element: Dim) => Dim): (context: InferContext) => Inferred {
  return (context) => {
    const dtype = context.dtype(0);
    const elements = dtype && context.flatElements(0);
    if (!elements) return sameAsFirst(context);
    return { types: [context.type(0)], elements: [elements.map((element) => asElement(compute(element), dtype))] };
  };
}

/** The result has the operands' common dtype and the broadcast shape of all operands. */
export function broadcastTypes(context: InferContext): Inferred {
  const dtype = commonDType(context, indices(context));
  return { types: [dtype === null ? null : tensorType(dtype, broadcastOf(context))] };
}

/** As `broadcastTypes`, for ops of two or more operands whose known elements combine pair by pair. */
export function broadcastElements(
  combine: (a: Dim, b: Dim, dtype: DType) => Dim,
  result?: DType,
): (context: InferContext) => Inferred {
  return (context) => {
    const operand = commonDType(context, indices(context));
    const dtype = result ?? operand;
    if (dtype === null) return { types: [null] };
    const type = tensorType(dtype, broadcastOf(context));
    if (operand === null || type.shape === null || type.shape.length > 1) return { types: [type] };
    let known = context.elements(0);
    for (let index = 1; known && index < context.inputCount; index++) {
      const other = context.elements(index);
      known = other && pairwise(known, other, (a, b) => asElement(combine(a, b, operand), dtype));
    }
    return { types: [type], elements: [known] };
  };
}

/** The operands are compared: a bool of their broadcast shape. */
export function comparison(compare: (a: Dim, b: Dim) => Dim = () => null): (context: InferContext) => Inferred {
  return broadcastElements(compare, "bool");
}

/** The result has the first operand's dtype and the broadcast shape of both; the operands' dtypes may differ. */
export function broadcastLikeFirst(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  return { types: [dtype === null ? null : tensorType(dtype, broadcastOf(context))] };
}

/** The dtype that the operands at these places share; null when none is known. */
export function commonDType(context: InferContext, places: readonly number[]): DType | null {
  let common: DType | null = null;
  for (const index of places) {
    const dtype = context.dtype(index);
    if (dtype === null) continue;
    if (common !== null && common !== dtype) {
      context.fail(`operands must have one element type, but have ${common} and ${dtype}`);
    }
    common = dtype;
  }
  return common;
}

/** The broadcast shape of all operands of a node. */
export function broadcastOf(context: InferContext): Shape | null {
  return broadcastShapes(
    indices(context).map((index) => context.shape(index)),
    (message) => context.fail(message),
  );
}

function indices(context: InferContext): readonly number[] {
  return Array.from({ length: context.inputCount }, (_, index) => index);
}

function pairwise(a: readonly Dim[], b: readonly Dim[], combine: (a: Dim, b: Dim) => Dim): readonly Dim[] | null {
  const length = a.length === 1 ? b.length : a.length;
  if (b.length !== 1 && b.length !== length) return null;
  return Array.from({ length }, (_, i) => combine(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!));
}

/** The numpy broadcast of shapes; null when one is unknown. `fail` is called when two dimensions cannot meet. */
export function broadcastShapes(shapes: readonly (Shape | null)[], fail: (message: string) => never): Shape | null {
  let result: Shape = [];
  for (const shape of shapes) {
    if (shape === null) return null;
    result = result.length === 0 ? shape : broadcastPair(result, shape, fail);
  }
  return result;
}

function broadcastPair(a: Shape, b: Shape, fail: (message: string) => never): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - (rank - a.length)];
    const y = b[axis - (rank - b.length)];
    if (x === undefined || y === undefined) return (x === undefined ? y : x)!;
    const dim = broadcastDim(x, y);
    return dim === undefined
      ? fail(`shapes ${shapeText(a)} and ${shapeText(b)} cannot be broadcast: ${x} and ${y}`)
      : dim;
  });
}

/** What two dimensions broadcast to; undefined when they cannot. */
function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (b === 1 || (a === b && a !== null)) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : null;
}

/** Fails unless a value can be broadcast to the shape of the first operand without changing it. */
export function checkBroadcastsTo(context: InferContext, target: Shape | null, index: number, name: string): void {
  const shape = context.shape(index);
  if (shape === null || target === null) return;
  const fits =
    shape.length <= target.length &&
    shape.every((dim, axis) => {
      const other = target[axis + target.length - shape.length]!;
      return dim === 1 || typeof dim !== "number" || typeof other !== "number" || dim === other;
    });
  if (!fits) context.fail(`${name} of shape ${shapeText(shape)} does not broadcast to ${shapeText(target)}`);
}
