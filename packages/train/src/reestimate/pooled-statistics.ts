/**
 * Mean and population variance, per channel, of all elements of some batches of one size, from those of each batch:
 * mean(m_b) and mean(v_b) + mean(m_b²) - mean(m_b)², the latter as a sum of squared distances, in float64.
 */
export class PooledStatistics {
  #batches = 0;
  readonly #mean: Float64Array;
  /** Sum over the batches of (m_b - mean)². */
  readonly #spread: Float64Array;
  readonly #variances: Float64Array;

  constructor(channels: number) {
    this.#mean = new Float64Array(channels);
    this.#spread = new Float64Array(channels);
    this.#variances = new Float64Array(channels);
  }

  /** Takes in the mean and the population variance of a batch. */
  add(mean: ArrayLike<number>, variance: ArrayLike<number>): void {
    this.#batches++;
    for (let channel = 0; channel < mean.length; channel++) {
      const distance = mean[channel]! - this.#mean[channel]!;
      this.#mean[channel]! += distance / this.#batches;
      this.#spread[channel]! += distance * (mean[channel]! - this.#mean[channel]!);
      this.#variances[channel]! += variance[channel]!;
    }
  }

  mean(): Float64Array {
    return this.#mean.slice();
  }

  variance(): Float64Array {
    return this.#variances.map((sum, channel) => (sum + this.#spread[channel]!) / this.#batches);
  }
}
