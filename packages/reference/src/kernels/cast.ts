import { bitsPerElement, isFloat, isInteger, Tensor, type DType } from "@lowbit/ir";
import { toFloat8Array, toFloat8e8m0Array, type E8m0Rounding, type Float8Format } from "@lowbit/onnx-proto";
import { elementsOf, isWide, tensorOf } from "../arrays/elements.ts";
import { stringTensor } from "../arrays/take.ts";
import { dtypeOfNumber } from "../dtype-numbers.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** What happens when a float does not fit a small float type. */
interface CastMode {
  readonly saturate: boolean;
  readonly roundMode: E8m0Rounding;
}

const cast: Kernel = (call) => {
  const number = call.node.int("to", 0);
  const to = dtypeOfNumber(number) ?? call.fail(`to = ${number} is not an ONNX data type`);
  return castTo(call, call.tensor(0), to, modeOf(call));
};

const castLike: Kernel = (call) => castTo(call, call.tensor(0), call.tensor(1).dtype, modeOf(call));

function modeOf(call: KernelCall): CastMode {
  const roundMode = call.node.string("round_mode", "up");
  if (roundMode !== "up" && roundMode !== "down" && roundMode !== "nearest") call.fail(`round_mode "${roundMode}"`);
  return { saturate: call.node.int("saturate", 1) !== 0, roundMode: roundMode as E8m0Rounding };
}

/**
 * Elements in another dtype. Floats become integers by truncation, integers wrap around; a float beyond a 64-bit or
 * 32-bit integer, which ONNX leaves open, gives what the C conversion gives on x86-64: the smallest integer.
 */
function castTo(call: KernelCall, x: Tensor, to: DType, mode: CastMode): Tensor {
  if (x.dtype === to) return x;
  if (x.strings) return castStrings(call, x, to, mode);
  if (to === "string")
    return stringTensor(
      x.dims,
      Array.from<number | bigint, Uint8Array>(elementsOf(x), (element) => textOf(element, x.dtype)),
    );
  if (isWide(x.dtype)) {
    const wide = elementsOf(x) as BigInt64Array;
    if (isWide(to)) return tensorOf(to, x.dims, wide);
    // Only the low bits matter to a narrower integer, and float64 might not hold them.
    if (isInteger(to))
      return tensorOf(
        to,
        x.dims,
        Float64Array.from(wide, (element) => Number(BigInt.asIntN(32, element))),
      );
  }
  return castNumbers(x.dims, x.numbers(), to, mode);
}

function castNumbers(dims: readonly number[], numbers: Float64Array, to: DType, mode: CastMode): Tensor {
  if (isInteger(to)) return castToInteger(dims, numbers, to);
  if (to === "float8e8m0") {
    return Tensor.fromTyped(to, dims, toFloat8e8m0Array(numbers, mode.roundMode, mode.saturate));
  }
  // E2M1 has no NaN; the conformance suite turns one into 0.
  if (to === "float4e2m1")
    return tensorOf(
      to,
      dims,
      numbers.map((x) => (Number.isNaN(x) ? 0 : x)),
    );
  if (isFloat(to) && bitsPerElement(to) === 8) {
    return Tensor.fromTyped(to, dims, toFloat8Array(to.slice("float8".length) as Float8Format, numbers, mode.saturate));
  }
  return tensorOf(to, dims, numbers);
}

function castToInteger(dims: readonly number[], numbers: Float64Array, to: DType): Tensor {
  const wide = bitsPerElement(to) >= 32;
  const limit = 2 ** (bitsPerElement(to) - (to.startsWith("u") ? 0 : 1));
  const lowest = to.startsWith("u") ? 0 : -limit;
  const fits = (x: number): boolean => x > lowest - 1 && x < limit;
  return tensorOf(
    to,
    dims,
    numbers.map((x) => (wide && !fits(x) ? (Number.isNaN(x) || lowest < 0 ? lowest : x) : Math.trunc(x))),
  );
}

function castStrings(call: KernelCall, x: Tensor, to: DType, mode: CastMode): Tensor {
  const texts = x.strings!.map((bytes) => new TextDecoder().decode(bytes).trim());
  if (isWide(to)) return Tensor.of(to, texts.map(BigInt), x.dims);
  const numbers = texts.map((text) => {
    const special = /^([+-]?)(inf(inity)?|nan)$/i.exec(text);
    if (special) return special[2]!.toLowerCase() === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
    const number = Number(text);
    return text === "" || Number.isNaN(number) ? call.fail(`"${text}" is not a number`) : number;
  });
  return castNumbers(x.dims, Float64Array.from(numbers), to, mode);
}

/** Decimal text that reads back as the same element: nine significant digits are enough for float32. */
function textOf(element: number | bigint, dtype: DType): Uint8Array {
  const number = Number(element);
  const text =
    Number.isNaN(number) || !isFloat(dtype)
      ? String(element)
      : !Number.isFinite(number)
        ? number > 0
          ? "INF"
          : "-INF"
        : dtype === "double"
          ? String(number)
          : String(shortestFloat32(number));
  return new TextEncoder().encode(text);
}

function shortestFloat32(number: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(number.toPrecision(digits));
    if (Math.fround(short) === number) return short;
  }
  return number;
}

/** The same bits as elements of a dtype of equal width. */
const bitCast: Kernel = (call) => {
  const x = call.tensor(0);
  const number = call.node.int("to", 0);
  const to = dtypeOfNumber(number) ?? call.fail(`to = ${number} is not an ONNX data type`);
  if (bitsPerElement(to) !== bitsPerElement(x.dtype) || x.strings) call.fail(`${x.dtype} and ${to} differ in width`);
  return Tensor.fromBytes(to, x.dims, x.bytes());
};

/** Conversions between dtypes. */
export const castKernels = {
  BitCast: bitCast,
  Cast: cast,
  CastLike: castLike,
} satisfies Readonly<Record<string, Kernel>>;
