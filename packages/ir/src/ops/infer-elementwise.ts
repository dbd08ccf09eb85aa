import type { InferContext, Inferred } from "./define-op.ts";
import { tensorType, type Dim, type Shape } from "../types.ts";

/** The result has the type of the first operand. */
export function sameAsFirst(context: InferContext): Inferred {
  return { types: [context.type(0)] };
}

/** The result has the first operand's dtype and the broadcast shape of all operands. */
export function broadcastTypes(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  if (dtype === null) return { types: [null] };
  const shapes = Array.from({ length: context.inputCount }, (_, i) => context.shape(i));
  return {
    types: [
      tensorType(
        dtype,
        broadcastShapes(shapes, (message) => context.fail(message)),
      ),
    ],
  };
}

/** The numpy broadcast of shapes; null when one is unknown. `fail` is called when two dimensions cannot meet. */
export function broadcastShapes(shapes: readonly (Shape | null)[], fail: (message: string) => never): Shape | null {
  const known: Shape[] = [];
  for (const shape of shapes) {
    if (shape === null) return null;
    known.push(shape);
  }
  const rank = Math.max(0, ...known.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    known.reduce<Dim>((dim, shape) => {
      const own = axis - (rank - shape.length);
      return own < 0 ? dim : broadcastDim(dim, shape[own]!, fail);
    }, 1),
  );
}

function broadcastDim(a: Dim, b: Dim, fail: (message: string) => never): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number" && typeof b === "number") return fail(`dimensions ${a} and ${b} cannot be broadcast`);
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : null;
}
