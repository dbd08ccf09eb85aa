import { isStatic, seeded, Tensor, type Builder, type Dim, type GraphEditor, type Shape, type Value } from "@lowbit/ir";
import type { Draw } from "./draw.ts";

/** What a step of the generator works with: the graph so far, and the choices for this step. */
export interface Scope {
  readonly editor: GraphEditor;
  readonly op: Builder;
  readonly draw: Draw;
  /** Float values computed so far; the step reads some of them. */
  readonly pool: readonly Value[];
}

/** Adds nodes that read `x` (a float value of known rank) and returns their result; null when they cannot read it. */
export type Step = (scope: Scope, x: Value) => Value | null;

/** Most elements of a generated value, symbols counted as 2: what keeps the reference interpreter fast. */
export const maxElements = 4096;

/** Elements of a shape when every symbol is 2. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : 2), 1);
}

/** The shape of a value of the pool. */
export function shapeOf(value: Value): readonly Dim[] {
  if (value.shape === null) throw new Error(`internal: ${value.name} has no rank`);
  return value.shape;
}

/** The shape when it is static. */
export function staticShape(value: Value): readonly number[] | null {
  return isStatic(value.shape) ? value.shape : null;
}

/** An initializer of made-up floats; names with "scale" or "var" make them positive, near 1. */
export function weight(scope: Scope, name: string, dims: readonly number[]): Value {
  const unique = `${name}${scope.editor.graph.names.fresh("data").slice(4)}`;
  return scope.editor.initializer(seeded(unique, "float", dims), unique);
}

/** An initializer that holds one float everywhere. */
export function filled(scope: Scope, value: number, dims: readonly number[] = []): Value {
  const size = dims.reduce((count, dim) => count * dim, 1);
  return scope.editor.initializer(Tensor.of("float", new Float64Array(size).fill(value), dims), "number");
}

/** An initializer of integers along one axis. */
export function integers(scope: Scope, values: readonly number[]): Value {
  return scope.editor.initializer(Tensor.of("int64", values), "integers");
}
