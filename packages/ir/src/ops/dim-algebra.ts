import { bitsPerElement, isFloat, type Dim, type DType } from "../types.ts";

/*
 * Arithmetic on what shape inference knows of an element: a number, a symbol (a dimension, so never negative), a
 * product of symbols and a number, or nothing. Products are symbols too, written as in `4*N`: numbers first, symbols in
 * order, so that equal products have equal texts. Results of any other form are unknown.
 */

/** a + b */
export function addDims(a: Dim, b: Dim): Dim {
  return a === 0 ? b : b === 0 ? a : combineLike(a, b, (x, y) => x + y);
}

/** a - b */
export function subtractDims(a: Dim, b: Dim): Dim {
  return b === 0 ? a : combineLike(a, b, (x, y) => x - y);
}

/** a · b */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  if (a === 1 || b === 1) return a === 1 ? b : a;
  if (typeof a === "number" && typeof b === "number") return a * b;
  const [x, y] = [productOf(a), productOf(b)];
  return x && y && dimOf({ factor: x.factor * y.factor, symbols: [...x.symbols, ...y.symbols].toSorted() });
}

/** a / b in integers, towards zero as in C; a product with symbols only where the division leaves no remainder. */
export function divideDims(a: Dim, b: Dim): Dim {
  if (b === 1) return a;
  if (typeof a === "number" && typeof b === "number") return b === 0 ? null : Math.trunc(a / b);
  return quotient(a, b) ?? null;
}

/** a / b in real numbers. */
export function divideReals(a: Dim, b: Dim): Dim {
  return b === 1 ? a : both(a, b, (x, y) => (y === 0 ? null : x / y));
}

/** The remainder of a / b with the divisor's sign, as Mod has it without `fmod`. */
export function moduloDims(a: Dim, b: Dim): Dim {
  if (b === 1 || typeof quotient(a, b) === "string" || sameSymbol(a, b)) return 0;
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
 * Null when that is unknown; undefined when numbers are left that do not divide.
 */
export function dimQuotient(dims: readonly Dim[], divisor: readonly Dim[]): Dim | undefined {
  return quotient(dimProduct(dims), dimProduct(divisor));
}

/** A product of a number and symbols; a symbol may occur twice. */
interface Product {
  readonly factor: number;
  readonly symbols: readonly string[];
}

function productOf(dim: Dim): Product | null {
  if (dim === null) return null;
  if (typeof dim === "number") return { factor: dim, symbols: [] };
  const parts = dim.split("*");
  const leading = Number(parts[0]);
  const hasNumber = parts.length > 1 && Number.isSafeInteger(leading) && leading > 0;
  return { factor: hasNumber ? leading : 1, symbols: hasNumber ? parts.slice(1) : parts };
}

/** The dimension a product is; unknown when its number is not a size. */
function dimOf({ factor, symbols }: Product): Dim {
  if (symbols.length === 0 || factor === 0) return factor;
  if (!Number.isSafeInteger(factor) || factor < 0) return null;
  return factor === 1 ? symbols.join("*") : [factor, ...symbols].join("*");
}

/** Exact quotient; undefined for numbers that do not divide, null when symbols decide. */
function quotient(a: Dim, b: Dim): Dim | undefined {
  const [above, below] = [productOf(a), productOf(b)];
  if (!above || !below || below.factor === 0) return null;
  const rest = [...above.symbols];
  for (const symbol of below.symbols) {
    const at = rest.indexOf(symbol);
    if (at < 0) return null;
    rest.splice(at, 1);
  }
  if (above.factor % below.factor !== 0) return rest.length === 0 ? undefined : null;
  return dimOf({ factor: above.factor / below.factor, symbols: rest });
}

/** Sums and differences of numbers, or of products of the same symbols. */
function combineLike(a: Dim, b: Dim, combine: (x: number, y: number) => number): Dim {
  if (typeof a === "number" && typeof b === "number") return combine(a, b);
  const [x, y] = [productOf(a), productOf(b)];
  if (!x || !y || x.symbols.join("*") !== y.symbols.join("*")) return null;
  return dimOf({ factor: combine(x.factor, y.factor), symbols: x.symbols });
}

/** The symbols a dimension is made of; none for numbers and unknown dimensions. */
export function symbolsOf(dim: Dim): readonly string[] {
  return typeof dim === "string" ? productOf(dim)!.symbols : [];
}

/** A dimension with symbols replaced by what they have become. */
export function substitute(dim: Dim, symbols: ReadonlyMap<string, Dim>): Dim {
  const product = typeof dim === "string" ? productOf(dim) : null;
  if (!product?.symbols.some((symbol) => symbols.has(symbol))) return dim;
  return product.symbols.reduce<Dim>((sum, symbol) => multiplyDims(sum, symbols.get(symbol) ?? symbol), product.factor);
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
