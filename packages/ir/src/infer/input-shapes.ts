import { CompileError, type Diagnostic } from "../diagnostics.ts";
import { mutable } from "../edit/mutable.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/value.ts";
import { substitute, symbolsOf } from "../ops/dim-algebra.ts";
import { mapDims } from "../ops/type-join.ts";
import { shapeText, tensorType, type Dim, type Shape, type ValueType } from "../types.ts";

/** What giving the inputs other shapes says about the types declared in the rest of the graph. */
export interface Restated {
  /** Declared symbols that have become something else. */
  readonly symbols: ReadonlyMap<string, Dim>;
  /** Whether a declared number changed, so that shapes declared for inner values are out of date. */
  readonly isStale: boolean;
}

export const nothingRestated: Restated = { symbols: new Map(), isStale: false };

/**
 * Gives graph inputs other shapes; null keeps a dimension. A declared symbol stands for one size, so all inputs that
 * have it change with the first.
 *
 * @throws CompileError `shape/input`
 */
export function setInputShapes(graph: Graph, shapes: Readonly<Record<string, Shape>>): Restated {
  const symbols = new Map<string, Dim>();
  const types = new Map<Value, ValueType>();
  let isStale = false;
  for (const [name, shape] of Object.entries(shapes)) {
    const input = graph.inputs.find((value) => value.name === name) ?? unknownInput(graph, name);
    const declared = declaredShape(input, shape);
    const dims = shape.map((dim, axis) => dim ?? declared?.[axis] ?? null);
    for (const [axis, dim] of dims.entries()) {
      const old = declared?.[axis] ?? null;
      if (typeof old === "number" && old !== dim) isStale = true;
      if (typeof old === "string" && old !== dim) bind(symbols, old, dim, input);
    }
    types.set(input, tensorType(input.dtype!, dims));
  }
  for (const input of graph.inputs) mutable(input).type = restate(types.get(input) ?? input.type, symbols);
  return { symbols, isStale };
}

/** A type with the symbols that became something else replaced. */
export function restate(type: ValueType | null, symbols: ReadonlyMap<string, Dim>): ValueType | null {
  if (type === null || symbols.size === 0) return type;
  return mapDims(type, (dim) => substitute(dim, symbols));
}

function declaredShape(input: Value, shape: Shape): Shape | null {
  if (input.type?.kind !== "tensor") throw inputError(input, "its declared type is not a tensor", shape);
  if (input.shape && input.shape.length !== shape.length) {
    throw inputError(input, `its declared shape is ${shapeText(input.shape)}`, shape);
  }
  const bad = shape.find((dim) => typeof dim === "number" && !(Number.isSafeInteger(dim) && dim >= 0));
  if (bad !== undefined) throw inputError(input, `${bad} is not a size`, shape);
  return input.shape;
}

function bind(symbols: Map<string, Dim>, symbol: string, dim: Dim, input: Value): void {
  if (symbolsOf(symbol).length > 1 || symbolsOf(symbol)[0] !== symbol) return;
  const before = symbols.get(symbol);
  if (before !== undefined && before !== dim) {
    throw inputError(input, `its symbol ${symbol} is ${before} elsewhere`, [dim]);
  }
  symbols.set(symbol, dim);
}

function inputError(input: Value, reason: string, shape: Shape): CompileError {
  return new CompileError({
    code: "shape/input",
    severity: "error",
    message: `input "${input.name}" cannot have shape ${shapeText(shape)}: ${reason}`,
    where: { value: input.name },
  });
}

function unknownInput(graph: Graph, name: string): never {
  const names = graph.inputs.map((value) => `"${value.name}"`).join(", ");
  const diagnostic: Diagnostic = {
    code: "shape/input",
    severity: "error",
    message: `input "${name}" does not exist`,
    where: { value: name },
    help: `the graph's inputs are ${names || "none"}`,
  };
  throw new CompileError(diagnostic);
}
