import type { CompileError } from "../diagnostics.ts";
import { encodeElements } from "../tensor-elements.ts";
import { Tensor } from "../tensor.ts";
import {
  bitsPerElement,
  elementCount,
  isFloat,
  isInteger,
  isStatic,
  typeText,
  type DType,
  type TensorType,
  type ValueType,
} from "../types.ts";
import type { Cursor } from "./cursor.ts";
import { textError } from "./diagnostics.ts";
import { isFloatWord, literalBytes } from "./identifier.ts";
import type { Token } from "./lexer.ts";
import type { TensorSyntax } from "./syntax.ts";

/** Types whose integer literals are bit patterns, as in `int32_data` of a file; decimal literals are values. */
export function writtenAsBits(dtype: DType): boolean {
  return isFloat(dtype) && dtype !== "float" && dtype !== "double";
}

/**
 * Data of a tensor of the given type: `{1, 2, 3}`, one literal per element (complex elements take two). Empty braces
 * of a tensor that has elements mean that the text leaves them out.
 *
 * @throws CompileError `text/data`
 */
export function parseTensor(cursor: Cursor, type: ValueType | null, name: string): TensorSyntax {
  const { start } = cursor.token;
  const fail = (message: string, at = start): CompileError => textError(cursor.source, at, "text/data", message);
  if (type?.kind !== "tensor" || !isStatic(type.shape)) {
    throw fail(`data needs a tensor type with numeric dimensions, not ${typeText(type)}`);
  }
  const declared = type as TensorSyntax["type"];
  if (cursor.at("[")) throw fail("external data is not read from text; give its elements or leave them out");
  cursor.expect("{", "before the elements of a tensor");
  const literals = cursor.list("}", "after the elements of a tensor", () => takeLiteral(cursor));
  const count = elementCount(declared.shape)!;
  if (literals.length === 0 && count > 0) return { type: declared, name, data: null };
  const needed = type.dtype.startsWith("complex") ? count * 2 : count;
  if (literals.length !== needed) throw fail(`${typeText(type)} needs ${needed} literals, got ${literals.length}`);
  return { type: declared, name, data: fromLiterals(declared, literals, fail) };
}

function takeLiteral(cursor: Cursor): Token {
  const { kind, text } = cursor.token;
  if (kind === "name" ? isFloatWord(text) : kind !== "punctuation" && kind !== "end") return cursor.take();
  throw cursor.unexpected("a number or a string");
}

type Fail = (message: string, at: number) => CompileError;

function fromLiterals(type: TensorType & { readonly shape: readonly number[] }, literals: Token[], fail: Fail): Tensor {
  const { dtype, shape } = type;
  if (dtype === "string") {
    const strings = literals.map((literal) => {
      if (literal.kind !== "string") throw fail(`expected a string, got ${literal.text}`, literal.start);
      return literalBytes(literal.text);
    });
    return new Tensor(dtype, shape, { byteLength: 0, read: () => new Uint8Array() }, strings);
  }
  if (dtype === "complex64")
    return Tensor.fromTyped(
      dtype,
      shape,
      Float32Array.from(literals, (l) => toFloat(l, fail)),
    );
  if (dtype === "complex128") {
    return Tensor.fromTyped(
      dtype,
      shape,
      Float64Array.from(literals, (l) => toFloat(l, fail)),
    );
  }
  if (writtenAsBits(dtype)) return fromBitsOrValues(dtype, shape, literals, fail);
  if (isFloat(dtype))
    return Tensor.of(
      dtype,
      literals.map((literal) => toFloat(literal, fail)),
      shape,
    );
  return Tensor.of(
    dtype,
    literals.map((literal) => toInteger(literal, dtype, fail)),
    shape,
  );
}

function fromBitsOrValues(dtype: DType, shape: readonly number[], literals: Token[], fail: Fail): Tensor {
  const decimal = literals.find((literal) => literal.kind !== "int");
  if (decimal) {
    const bits = literals.find((literal) => literal.kind === "int");
    if (bits) throw fail(`${dtype} data mixes the value ${decimal.text} with the bit pattern ${bits.text}`, bits.start);
    return Tensor.of(
      dtype,
      literals.map((literal) => toFloat(literal, fail)),
      shape,
    );
  }
  const storage: DType = `uint${bitsPerElement(dtype)}` as DType;
  const bits = literals.map((literal) => toInteger(literal, storage, fail));
  return Tensor.fromBytes(dtype, shape, encodeElements(storage, bits));
}

function toFloat(literal: Token, fail: Fail): number {
  if (literal.kind === "string") throw fail(`expected a number, got string "${literal.text}"`, literal.start);
  return floatOf(literal.text);
}

/** The value of a number literal or of a word such as `-inf`. */
export function floatOf(text: string): number {
  const word = /^(-?)(inf|nan)/i.exec(text);
  if (!word) return Number(text);
  if (word[2]!.toLowerCase() === "nan") return NaN;
  return word[1] === "-" ? -Infinity : Infinity;
}

function toInteger(literal: Token, dtype: DType, fail: Fail): bigint {
  if (literal.kind !== "int") throw fail(`${dtype} element "${literal.text}" is not an integer`, literal.start);
  const value = BigInt(literal.text);
  const bits = dtype === "bool" ? 1 : bitsPerElement(dtype);
  const signed = isInteger(dtype) && !dtype.startsWith("u");
  if (value !== (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value))) {
    throw fail(`${literal.text} is out of the range of ${dtype}`, literal.start);
  }
  return value;
}
