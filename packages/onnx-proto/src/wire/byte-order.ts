const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Index of the low and the high 32-bit word in a 64-bit array element of this machine. */
export const hostOrder = littleEndian ? { low: 0, high: 1 } : { low: 1, high: 0 };

/**
 * Turns the `width`-byte elements in `bytes` from the order of protobuf and ONNX (little-endian) to this machine's, or
 * back. It does nothing on the little-endian machines that ONNX Runtime supports.
 */
export function toHostOrder(bytes: Uint8Array, width: number): Uint8Array {
  if (littleEndian) return bytes;
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}
