import { floatArithmetic, type IntegerArithmetic } from "lowbit";

/**
 * The device multiplies accumulators by 2^-shift and rounds ties to even. Multiplying by a float32 power of two is exact,
 * so only the rounding is left of what floatArithmetic does, and the codes are the same.
 */
export const arithmetic: IntegerArithmetic = floatArithmetic;
