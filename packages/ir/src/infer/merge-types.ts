import { isOwnSymbol } from "../ops/own-symbol.ts";
import { shapeText, typeText, type Dim, type Shape, type ValueType } from "../types.ts";

/** What a declared and an inferred type say together, and where they disagree (null: nowhere). */
export interface MergedType {
  readonly type: ValueType | null;
  readonly conflict: string | null;
}

/**
 * The more specific of a declared type and an inferred one, dimension by dimension. Where they contradict each other
 * the inferred one stands: it follows from the graph's inputs, while declarations go stale when a model is edited.
 */
export function mergeTypes(declared: ValueType | null, inferred: ValueType | null): MergedType {
  if (inferred === null || declared === null) return { type: inferred ?? declared, conflict: null };
  if (declared.kind !== inferred.kind) return contradiction(declared, inferred);
  if (inferred.kind !== "tensor" || declared.kind !== "tensor") return { type: inferred, conflict: null };
  if (declared.dtype !== inferred.dtype) return contradiction(declared, inferred);
  const { shape, conflict } = mergeShapes(declared.shape, inferred.shape);
  return { type: shape === inferred.shape ? inferred : { ...inferred, shape }, conflict };
}

function contradiction(declared: ValueType, inferred: ValueType): MergedType {
  return { type: inferred, conflict: `declared as ${typeText(declared)}, but inferred to be ${typeText(inferred)}` };
}

function mergeShapes(
  declared: Shape | null,
  inferred: Shape | null,
): { readonly shape: Shape | null; readonly conflict: string | null } {
  if (declared === null || inferred === null || declared === inferred) {
    return { shape: inferred ?? declared, conflict: null };
  }
  const text = (): string => `declared with shape ${shapeText(declared)}, but inferred to have ${shapeText(inferred)}`;
  if (declared.length !== inferred.length) return { shape: inferred, conflict: text() };
  let differs = false;
  let refined = false;
  const shape = inferred.map((dim, axis) => {
    const other = declared[axis]!;
    if (typeof dim === "number") {
      differs ||= typeof other === "number" && other !== dim;
      return dim;
    }
    const merged = refineUnknown(dim, other);
    differs ||= typeof other === "number" && merged !== other;
    refined ||= merged !== dim;
    return merged;
  });
  return { shape: refined ? shape : inferred, conflict: differs ? text() : null };
}

/** A symbol of the inputs stands; a dimension that inference could not tell takes what was declared. */
function refineUnknown(inferred: Dim, declared: Dim): Dim {
  if (inferred !== null && !isOwnSymbol(inferred)) return inferred;
  return declared ?? inferred;
}
