import { integerRange, isFloat, isInteger, Tensor, type DType, type TypedArray } from "@lowbit/ir";

/** Dtypes whose storage arrays hold the element values themselves. */
const plain: ReadonlySet<DType> = new Set<DType>([
  "float",
  "double",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "bool",
]);

/** Whether data of one dtype can stand for another without losing what it means. */
export function converts(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (!isNumeric(from) || !isNumeric(to) || to === "bool") return false;
  return isFloat(to) || !isFloat(from);
}

/** The elements in another dtype that `converts` allows; null when an integer does not fit. */
export function convert(tensor: Tensor, to: DType): Tensor | null {
  if (tensor.dtype === to) return tensor;
  if (isInteger(to)) return isWithin(tensor, to) ? Tensor.of(to, elements(tensor), tensor.dims) : null;
  if (to !== "float" && to !== "double") return Tensor.of(to, tensor.numbers(), tensor.dims);
  const values = plain.has(tensor.dtype) ? (tensor.typed() as Float32Array) : tensor.numbers();
  return Tensor.fromTyped(to, tensor.dims, to === "float" ? new Float32Array(values) : new Float64Array(values));
}

function isNumeric(dtype: DType): boolean {
  return isFloat(dtype) || isInteger(dtype) || dtype === "bool";
}

function elements(tensor: Tensor): ArrayLike<number | bigint> {
  const values: TypedArray = tensor.typed();
  return values instanceof BigInt64Array || values instanceof BigUint64Array ? values : tensor.numbers();
}

function isWithin(tensor: Tensor, dtype: DType): boolean {
  const [least, most] = rangeOf(dtype);
  const values = elements(tensor);
  for (let i = 0; i < values.length; i++) if (values[i]! < least || values[i]! > most) return false;
  return true;
}

function rangeOf(dtype: DType): readonly [number | bigint, number | bigint] {
  if (dtype === "int64") return [-(2n ** 63n), 2n ** 63n - 1n];
  return dtype === "uint64" ? [0n, 2n ** 64n - 1n] : integerRange(dtype);
}
