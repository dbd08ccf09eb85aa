import type { Tensor } from "@lowbit/ir";

/** Smallest gain in dB from which a factor per channel is more than a better fit of noise. */
const telling = 10;

/**
 * Collects what is left of an error when each channel (axis 1) may have a factor of its own, as after an equalization of
 * ranges: Σ over channels of Σr² - (Σr·x)² / Σx², which is what the best factors leave.
 */
export class ChannelFactors {
  #sums: Float64Array | null = null;

  /** Takes in the same elements of the reference and of the tensor. */
  add(reference: Tensor, other: Tensor): void {
    const channels = reference.dims.length > 1 ? reference.dims[1]! : 1;
    // A value whose number of channels depends on the sample has no factors.
    this.#sums ??= new Float64Array(3 * channels);
    if (this.#sums.length !== 3 * channels) return;
    const sums = this.#sums;
    const [a, b] = [reference.floats(), other.floats()];
    const inner = reference.dims.slice(2).reduce((product, dim) => product * dim, 1);
    for (let start = 0, run = 0; start < a.length; start += inner, run++) {
      // Plain variables: an array pattern would keep the sums on the heap.
      let signal = 0;
      let square = 0;
      let dot = 0;
      for (let i = start; i < start + inner; i++) {
        const r = a[i]!;
        const x = b[i]!;
        signal += r * r;
        square += x * x;
        dot += r * x;
      }
      const at = 3 * (run % channels);
      sums[at] = sums[at]! + signal;
      sums[at + 1] = sums[at + 1]! + square;
      sums[at + 2] = sums[at + 2]! + dot;
    }
  }

  /** Noise-to-signal ratio that the best factors leave; null where factors explain little of the error. */
  ratio(whole: number): number | null {
    let [signal, noise] = [0, 0];
    for (let at = 0; at < (this.#sums?.length ?? 0); at += 3) {
      const [r, x, dot] = this.#sums!.subarray(at, at + 3) as unknown as readonly [number, number, number];
      signal += r;
      noise += x === 0 ? r : Math.max(0, r - dot ** 2 / x);
    }
    const ratio = noise / Math.max(signal, 1e-30);
    return whole > 0.01 && ratio < whole / 10 ** (telling / 10) ? ratio : null;
  }
}
