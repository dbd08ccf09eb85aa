/** Nearest integer, ties to even: how ONNX quantizes and how SSE and NEON convert. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Nearest value inside a range; NaN becomes the lower end, as in the vector `max` of the runtimes. */
export function clamp(value: number, low: number, high: number): number {
  return value > low ? (value < high ? value : high) : low;
}
