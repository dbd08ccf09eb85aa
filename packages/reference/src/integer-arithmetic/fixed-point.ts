const bits = new DataView(new ArrayBuffer(4));

/** A positive float32 as `mantissa · 2^-shift` with a 24-bit mantissa in [2^23, 2^24): exact, no rounding. */
export function decompose24(value: number): { readonly mantissa: number; readonly shift: number } {
  bits.setFloat32(0, value);
  const pattern = bits.getUint32(0);
  return { mantissa: (pattern & 0x7fffff) | 0x800000, shift: 150 - (pattern >>> 23) };
}

/** `value · 2^-shift` rounded to nearest, ties away from zero: a rounding right shift with sign fix-up. */
export function shiftHalfAway(value: bigint, shift: number): bigint {
  if (shift <= 0) return value << BigInt(-shift);
  const half = 1n << BigInt(shift - 1);
  return value < 0n ? -((-value + half) >> BigInt(shift)) : (value + half) >> BigInt(shift);
}

/** `value · 2^-shift` rounded to nearest, ties toward positive infinity: an arithmetic shift after adding one half. */
export function shiftHalfUp(value: bigint, shift: number): bigint {
  return (value + (1n << BigInt(shift - 1))) >> BigInt(shift);
}
