import type { PackedArray } from "../schema/compile.ts";
import { hostOrder, toHostOrder } from "./byte-order.ts";
import { readVarintWords, varintErrors, varintSizeOfWords, writeVarintWords } from "./varint.ts";

/** The bytes of a typed array, as a view. */
export function bytesOf(array: PackedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The 32-bit words of an array of 64-bit elements, as a view. */
function wordsOf(array: BigInt64Array | BigUint64Array): Uint32Array {
  return new Uint32Array(array.buffer, array.byteOffset, array.length * 2);
}

/**
 * An array with `count` more elements than `array`, beginning with the same ones. The first elements get memory of
 * the exact size; later ones double it, so that many small pieces cost linear time in all.
 */
export function extend<A extends PackedArray>(array: A, count: number): A {
  const length = array.length + count;
  const width = array.BYTES_PER_ELEMENT;
  const make = array.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => A;
  if (array.length > 0 && length * width <= array.buffer.byteLength) return new make(array.buffer, 0, length);
  const capacity = array.length === 0 ? length : Math.max(length, array.length * 2);
  const buffer = new ArrayBuffer(capacity * width);
  new Uint8Array(buffer).set(bytesOf(array));
  return new make(buffer, 0, length);
}

/** How many varints end in a piece of data. */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (bytes[at]! < 128) count++;
  return count;
}

/**
 * Reads varints from `start` to `end` into the elements of `into` from index `at` on; 32-bit elements keep the low
 * 32 bits. Returns `end`, or one of `varintErrors`.
 */
export function readVarints(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Int32Array | BigInt64Array | BigUint64Array,
  at: number,
): number {
  const narrow = into instanceof Int32Array;
  const scratch = new Int32Array(2);
  const words = narrow ? scratch : wordsOf(into);
  let pos = start;
  for (let index = at; pos < end; index++) {
    pos = readVarintWords(bytes, pos, end, words, narrow ? 0 : index * 2);
    if (pos === varintErrors.truncated || pos === varintErrors.overlong) return pos;
    if (narrow) into[index] = scratch[hostOrder.low]!;
  }
  return pos;
}

/** Copies little-endian float or double elements into `into` from index `at` on. */
export function readFixed(source: Uint8Array, into: Float32Array | Float64Array, at: number): void {
  const width = into.BYTES_PER_ELEMENT;
  const target = bytesOf(into).subarray(at * width, at * width + source.length);
  target.set(source);
  toHostOrder(target, width);
}

/** Bytes of all elements when packed. */
export function packedSize(array: PackedArray): number {
  if (array instanceof Float32Array || array instanceof Float64Array) return array.byteLength;
  let size = 0;
  if (array instanceof Int32Array) {
    for (const value of array) size += varintSizeOfWords(value >>> 0, value < 0 ? 0xffffffff : 0);
    return size;
  }
  const words = wordsOf(array);
  for (let at = 0; at < words.length; at += 2) {
    size += varintSizeOfWords(words[at + hostOrder.low]!, words[at + hostOrder.high]!);
  }
  return size;
}

/** The packed elements, `size` (= `packedSize(array)`) bytes; a view of the array where its memory has that form. */
export function packedBytes(array: PackedArray, size: number): Uint8Array {
  if (array instanceof Float32Array || array instanceof Float64Array) {
    return hostOrder.low === 0 ? bytesOf(array) : toHostOrder(bytesOf(array).slice(), array.BYTES_PER_ELEMENT);
  }
  const bytes = new Uint8Array(size);
  let pos = 0;
  if (array instanceof Int32Array) {
    for (const value of array) pos = writeVarintWords(bytes, pos, value >>> 0, value < 0 ? 0xffffffff : 0);
    return bytes;
  }
  const words = wordsOf(array);
  for (let at = 0; at < words.length; at += 2) {
    pos = writeVarintWords(bytes, pos, words[at + hostOrder.low]!, words[at + hostOrder.high]!);
  }
  return bytes;
}
