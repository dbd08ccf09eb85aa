/** Widths of the element types that share bytes. */
type SubByteBits = 2 | 4;

/**
 * Unpacks `count` unsigned elements, the first one in the lowest bits of the first byte.
 * `packed` has at least `ceil(count * bits / 8)` bytes; padding is not looked at.
 */
function unpackUnsigned(packed: Uint8Array, count: number, bits: SubByteBits): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const elements = new Uint8Array(count);
  for (let i = 0; i < count; i++) elements[i] = (packed[Math.trunc(i / perByte)]! >>> ((i % perByte) * bits)) & mask;
  return elements;
}

/** Like `unpackUnsigned`, of two's-complement elements. */
function unpackSigned(packed: Uint8Array, count: number, bits: SubByteBits): Int8Array {
  const elements = new Int8Array(unpackUnsigned(packed, count, bits).buffer);
  const shift = 32 - bits;
  for (let i = 0; i < count; i++) elements[i] = (elements[i]! << shift) >> shift;
  return elements;
}

/**
 * Packs the low `bits` bits of each element, the first element into the lowest bits of the first byte; the padding of
 * the last byte is zero.
 */
function packSubByte(elements: ArrayLike<number>, bits: SubByteBits): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const packed = new Uint8Array(Math.ceil(elements.length / perByte));
  for (let i = 0; i < elements.length; i++) {
    packed[Math.trunc(i / perByte)]! |= (elements[i]! & mask) << ((i % perByte) * bits);
  }
  return packed;
}

/** INT4 elements, -8 to 7. */
export function unpackInt4(packed: Uint8Array, count: number): Int8Array {
  return unpackSigned(packed, count, 4);
}

/** UINT4 elements, 0 to 15; also the bits of FLOAT4E2M1 elements. */
export function unpackUint4(packed: Uint8Array, count: number): Uint8Array {
  return unpackUnsigned(packed, count, 4);
}

/** INT2 elements, -2 to 1. */
export function unpackInt2(packed: Uint8Array, count: number): Int8Array {
  return unpackSigned(packed, count, 2);
}

/** UINT2 elements, 0 to 3. */
export function unpackUint2(packed: Uint8Array, count: number): Uint8Array {
  return unpackUnsigned(packed, count, 2);
}

/** Packs 4-bit elements, signed or not. */
export function pack4(elements: ArrayLike<number>): Uint8Array {
  return packSubByte(elements, 4);
}

/** Packs 2-bit elements, signed or not. */
export function pack2(elements: ArrayLike<number>): Uint8Array {
  return packSubByte(elements, 2);
}
