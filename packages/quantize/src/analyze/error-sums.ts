/** How far a tensor is from its reference. */
export interface TensorError {
  /** Signal-to-quantization-noise ratio, 10·log₁₀(Σr² / Σ(r-x)²), in dB; null where there is no error at all. */
  readonly sqnr: number | null;
  /** Σr·x / √(Σr²·Σx²); 1 where both are all 0. */
  readonly cosine: number;
  /** Largest |r - x|. */
  readonly maxDifference: number;
}

/** Collects the error of a tensor over batches, in constant memory. */
export class ErrorSums {
  signal = 0;
  noise = 0;
  #other = 0;
  #dot = 0;
  #largest = 0;

  /** Takes in the same elements of the reference and of the tensor. */
  add(reference: Float32Array, other: Float32Array): void {
    // Plain variables that are floating-point from the start: the loop then keeps all of them in registers.
    let signal = 0.0;
    let noise = 0.0;
    let square = 0.0;
    let dot = 0.0;
    let largest = 0.0;
    const count = reference.length;
    for (let i = 0; i < count; i++) {
      const r = reference[i]!;
      const x = other[i]!;
      const difference = r - x;
      const squared = difference * difference;
      signal += r * r;
      square += x * x;
      dot += r * x;
      noise += squared;
      largest = Math.max(largest, squared);
    }
    this.signal += signal;
    this.noise += noise;
    this.#other += square;
    this.#dot += dot;
    this.#largest = Math.max(this.#largest, Math.sqrt(largest));
  }

  /** Takes in what another one has seen. */
  merge(other: ErrorSums): void {
    this.signal += other.signal;
    this.noise += other.noise;
    this.#other += other.#other;
    this.#dot += other.#dot;
    this.#largest = Math.max(this.#largest, other.#largest);
  }

  /** The error over all that was added. */
  result(): TensorError {
    const norms = Math.sqrt(this.signal * this.#other);
    return {
      sqnr: decibels(this.signal, this.noise),
      cosine: norms === 0 ? (this.signal === this.#other ? 1 : 0) : this.#dot / norms,
      maxDifference: this.#largest,
    };
  }
}

/** The ratio of a signal to its noise in dB; null without noise, and -∞ never: a signal of 0 counts as 10^-30. */
export function decibels(signal: number, noise: number): number | null {
  return noise === 0 ? null : 10 * Math.log10(Math.max(signal, 1e-30) / noise);
}
