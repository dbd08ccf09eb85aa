import { bitsPerElement, byteLength, Tensor } from "@lowbit/ir";
import { sizeOf } from "./indices.ts";

/** The place that stands for the fill element in `take`. */
export const fillPlace = -1;

/**
 * A tensor whose elements are copied from another one: element i is `source[places[i]]`, or the only element of `fill`
 * where the place is `fillPlace`. Copies bits, so it is exact for every dtype, strings and packed types included.
 */
export function take(source: Tensor, dims: readonly number[], places: Int32Array, fill: Tensor | null = null): Tensor {
  if (source.strings) return takeStrings(source.strings, dims, places, fill);
  const bits = bitsPerElement(source.dtype);
  const cells = takeCells(cellsOf(source), places, fill && cellsOf(fill), Math.max(1, bits / 64));
  if (bits >= 8) return Tensor.fromBytes(source.dtype, dims, new Uint8Array(cells.buffer as ArrayBuffer));
  return Tensor.fromBytes(source.dtype, dims, packBits(cells as Uint8Array, bits));
}

/** The same elements in the same order with every `fillPlace` absent: joins tensors end to end. */
export function concatenateFlat(parts: readonly Tensor[]): Tensor {
  const dims = [parts.reduce((sum, part) => sum + part.size, 0)];
  const first = parts[0]!;
  if (first.strings)
    return stringTensor(
      dims,
      parts.flatMap((part) => [...part.strings!]),
    );
  const bits = bitsPerElement(first.dtype);
  const joined = new Uint8Array(bits >= 8 ? byteLength(first.dtype, dims[0]!) : dims[0]!);
  let at = 0;
  for (const part of parts) {
    const bytes = bits >= 8 ? part.bytes() : unpackBits(part.bytes(), bits, part.size);
    joined.set(bytes, at);
    at += bytes.length;
  }
  return Tensor.fromBytes(first.dtype, dims, bits >= 8 ? joined : packBits(joined, bits));
}

/** A string tensor of UTF-8 elements. */
export function stringTensor(dims: readonly number[], strings: readonly Uint8Array[]): Tensor {
  return new Tensor("string", dims, { byteLength: 0, read: () => new Uint8Array() }, strings);
}

type Cells = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** One cell per element (two for complex128); packed elements are spread out to a byte each. */
function cellsOf(tensor: Tensor): Cells {
  const bits = bitsPerElement(tensor.dtype);
  const bytes = tensor.bytes();
  if (bits < 8) return unpackBits(bytes, bits, tensor.size);
  const Cell = bits === 8 ? Uint8Array : bits === 16 ? Uint16Array : bits === 32 ? Uint32Array : BigUint64Array;
  const aligned = bytes.byteOffset % Cell.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Cell(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / Cell.BYTES_PER_ELEMENT);
}

function takeCells(source: Cells, places: Int32Array, fill: Cells | null, perElement: number): Cells {
  const taken = new (source.constructor as new (length: number) => Cells)(places.length * perElement);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    for (let part = 0; part < perElement; part++) {
      const cell = place === fillPlace ? (fill ? fill[part]! : taken[i]!) : source[place * perElement + part]!;
      taken[i * perElement + part] = cell as never;
    }
  }
  return taken;
}

function takeStrings(
  source: readonly Uint8Array[],
  dims: readonly number[],
  places: Int32Array,
  fill: Tensor | null,
): Tensor {
  const empty = fill?.strings?.[0] ?? new Uint8Array();
  return stringTensor(
    dims,
    Array.from(places, (place) => (place === fillPlace ? empty : source[place]!)),
  );
}

function unpackBits(bytes: Uint8Array, bits: number, count: number): Uint8Array {
  const mask = (1 << bits) - 1;
  const perByte = 8 / bits;
  return Uint8Array.from(
    { length: count },
    (_, i) => (bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask,
  );
}

function packBits(cells: Uint8Array, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const bytes = new Uint8Array(Math.ceil(cells.length / perByte));
  for (let i = 0; i < cells.length; i++) bytes[Math.floor(i / perByte)]! |= cells[i]! << ((i % perByte) * bits);
  return bytes;
}

/** All places of a tensor in order: the identity of `take`. */
export function allPlaces(dims: readonly number[]): Int32Array {
  return Int32Array.from({ length: sizeOf(dims) }, (_, i) => i);
}
