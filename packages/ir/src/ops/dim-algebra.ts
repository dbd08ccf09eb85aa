import { bitsPerElement, isFloat, type Dim, type DType } from "../types.ts";

/*
 * Arithmetic on what shape inference knows of an element: a number, a symbol (a dimension, so never negative), or
 * nothing. Results that are neither a number nor one of the operands are unknown.
 */

/** a + b */
export function addDims(a: Dim, b: Dim): Dim {
  return a === 0 ? b : b === 0 ? a : both(a, b, (x, y) => x + y);
}

/** a - b */
export function subtractDims(a: Dim, b: Dim): Dim {
  return b === 0 ? a : sameSymbol(a, b) ? 0 : both(a, b, (x, y) => x - y);
}

/** a · b */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  return a === 1 ? b : b === 1 ? a : both(a, b, (x, y) => x * y);
}

/** a / b in integers, towards zero as in C. */
export function divideDims(a: Dim, b: Dim): Dim {
  if (b === 1) return a;
  if (sameSymbol(a, b)) return 1;
  return both(a, b, (x, y) => (y === 0 ? null : Math.trunc(x / y)));
}

/** a / b in real numbers. */
export function divideReals(a: Dim, b: Dim): Dim {
  return b === 1 ? a : both(a, b, (x, y) => (y === 0 ? null : x / y));
}

/** The remainder of a / b with the divisor's sign, as Mod has it without `fmod`. */
export function moduloDims(a: Dim, b: Dim): Dim {
  if (b === 1 || sameSymbol(a, b)) return 0;
  return both(a, b, (x, y) => (y === 0 ? null : x - y * Math.floor(x / y)));
}

export function maxOfDims(a: Dim, b: Dim): Dim {
  if (sameSymbol(a, b)) return a;
  if (typeof a === "string" && typeof b === "number" && b <= 0) return a;
  if (typeof b === "string" && typeof a === "number" && a <= 0) return b;
  return both(a, b, Math.max);
}

export function minOfDims(a: Dim, b: Dim): Dim {
  if (sameSymbol(a, b)) return a;
  if (typeof a === "string" && typeof b === "number" && b >= endMarker) return a;
  if (typeof b === "string" && typeof a === "number" && a >= endMarker) return b;
  return both(a, b, Math.min);
}

/** Whether a = b, as 1 or 0. Distinct symbols may be equal, and a symbol is never negative. */
export function equalDims(a: Dim, b: Dim): Dim {
  if (sameSymbol(a, b)) return 1;
  if ((typeof a === "string" && isNegative(b)) || (typeof b === "string" && isNegative(a))) return 0;
  return both(a, b, (x, y) => (x === y ? 1 : 0));
}

/** Whether a < b, as 1 or 0. */
export function lessDims(a: Dim, b: Dim): Dim {
  return sameSymbol(a, b) ? 0 : both(a, b, (x, y) => (x < y ? 1 : 0));
}

/** Whether a <= b, as 1 or 0. */
export function lessOrEqualDims(a: Dim, b: Dim): Dim {
  return sameSymbol(a, b) ? 1 : both(a, b, (x, y) => (x <= y ? 1 : 0));
}

/** Numbers from here on mean "to the end" in the bounds exporters write. */
const endMarker = 2 ** 31 - 1;

function isNegative(dim: Dim): boolean {
  return typeof dim === "number" && dim < 0;
}

function sameSymbol(a: Dim, b: Dim): boolean {
  return typeof a === "string" && a === b;
}

function both(a: Dim, b: Dim, combine: (a: number, b: number) => number | null): Dim {
  return typeof a === "number" && typeof b === "number" ? combine(a, b) : null;
}

/** The product of dimensions; null when it is not a number or a single symbol. */
export function dimProduct(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>(multiplyDims, 1);
}

/**
 * How often `divisor` goes into `dims`, both as products, after equal symbols cancel: `[N,3,8] / [N,4]` is 6.
 * Null when symbols remain below the line, or more than one above it; undefined when the numbers do not divide.
 */
export function dimQuotient(dims: readonly Dim[], divisor: readonly Dim[]): Dim | undefined {
  const rest = [...dims];
  let below = 1;
  for (const dim of divisor) {
    if (dim === null) return null;
    if (typeof dim === "number") below *= dim;
    else {
      const at = rest.indexOf(dim);
      if (at < 0) return null;
      rest.splice(at, 1);
    }
  }
  const symbols = rest.filter((dim) => typeof dim !== "number");
  const above = rest.reduce<number>((count, dim) => (typeof dim === "number" ? count * dim : count), 1);
  if (symbols.length === 0) return below === 0 ? null : above % below === 0 ? above / below : undefined;
  return symbols.length === 1 && above === below && below > 0 ? symbols[0]! : null;
}

/** The value as a tensor of the dtype would hold it; null when that is not certain (overflow, half floats, beyond 2^53). */
export function asElement(value: Dim, dtype: DType): Dim {
  if (typeof value !== "number") return value;
  if (isFloat(dtype)) return dtype === "float" ? Math.fround(value) : dtype === "double" ? value : null;
  if (!Number.isSafeInteger(value)) return null;
  const bits = bitsPerElement(dtype);
  if (bits >= 64) return value;
  const fits = dtype.startsWith("u") ? value >= 0 && value < 2 ** bits : Math.abs(value) < 2 ** (bits - 1);
  return fits ? value : null;
}

/** What two descriptions of the same dimension say together: the number, else the first symbol. Null on both: unknown. */
export function moreSpecificDim(a: Dim, b: Dim): Dim {
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : (a ?? b);
}
