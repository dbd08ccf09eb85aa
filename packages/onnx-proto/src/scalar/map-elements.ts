/** Calls `convert` on each element: `Float32Array.from`, many times faster. */
export function mapToFloat32(bits: ArrayLike<number>, convert: (bits: number) => number): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < values.length; i++) values[i] = convert(bits[i]!);
  return values;
}

/** Calls `convert` on each element, into bytes. */
export function mapToUint8(values: ArrayLike<number>, convert: (x: number) => number): Uint8Array {
  const bits = new Uint8Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = convert(values[i]!);
  return bits;
}

/** Calls `convert` on each element, into 16-bit words. */
export function mapToUint16(values: ArrayLike<number>, convert: (x: number) => number): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = convert(values[i]!);
  return bits;
}
