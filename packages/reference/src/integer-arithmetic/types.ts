/** Scale and zero point of a per-tensor quantized value; the scale is a float32 number. */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** An output's parameters with the range of its dtype (or of a fused clamp), both ends included. */
export interface AffineOutput extends Affine {
  readonly range: readonly [low: number, high: number];
}

/** The float32 scales an accumulator is rescaled by: `x·w / y`; `w` is the scale of one output channel. */
export interface ProductScales {
  readonly x: number;
  readonly w: number;
}

/** Makes the function from an int32 accumulator (bias included, zero points taken out) to an output code. */
export type Requantize = (product: ProductScales, y: AffineOutput) => (accumulator: number) => number;

/** Makes the function from two codes to the code of their sum. */
export type Add = (a: Affine, b: Affine, y: AffineOutput) => (a: number, b: number) => number;

/** Makes the function from two codes to the code of their product. */
export type Multiply = (a: Affine, b: Affine, y: AffineOutput) => (a: number, b: number) => number;

/** Makes the function from a sum of `count` codes (their zero points included) to the code of their mean. */
export type Average = (x: Affine, y: AffineOutput, count: number) => (sum: number) => number;
