import { byteLength, type DType } from "./types.ts";
import { storageView } from "./tensor-storage.ts";
export function decodeElements(dtype: DType, bytes: Uint8Array, count: number): Float64Array {
  return Float64Array.from(storageView(dtype, bytes) as Float32Array).subarray(0, count);
}
export function encodeElements(dtype: DType, values: ArrayLike<number | bigint>): Uint8Array {
  const bytes = new Uint8Array(byteLength(dtype, values.length));
  const view = storageView(dtype, bytes);
  for (let i = 0; i < values.length; i++)
    view[i] =
      view instanceof BigInt64Array || view instanceof BigUint64Array
        ? (BigInt(values[i]!) as never)
        : (Number(values[i]) as never);
  return bytes;
}
