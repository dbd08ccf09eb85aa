import { invariant } from "@lowbit/ir";

/** Most bins a histogram has; at least half of them are in use once the values differ enough. */
export const defaultBins = 2048;

/** Fewest bins that a range is looked for with: as many as the narrowest integers have codes. */
export const leastBins = 16;

/** Largest ratio of a value to the width of a bin: indices stay exact integers. */
const largestIndex = 2 ** 40;

/** Exponent of the narrowest bins, for values that are all 0. */
const leastExponent = -126;

/**
 * Counts of values in bins of equal width, in constant memory. The width is a power of two and bins start at its
 * multiples, so that widening and merging lose nothing: the result depends on the values alone, not on their order or on
 * how they were split into batches.
 */
export class Histogram {
  readonly maxBins: number;
  /** Smallest and largest value seen; +∞ and -∞ before the first. */
  min = Infinity;
  max = -Infinity;
  /** How many values were exactly 0, which every quantization keeps; they are not in the bins. */
  zeros = 0;
  #exponent = leastExponent;
  /** Index of the first bin: it begins at `start · width`. */
  #start = 0;
  #counts = new Float64Array(0);

  constructor(maxBins: number = defaultBins) {
    this.maxBins = maxBins;
  }

  /** Width of a bin. */
  get width(): number {
    return 2 ** this.#exponent;
  }

  /** Values per bin. */
  get counts(): Float64Array {
    return this.#counts;
  }

  /** Values seen, zeros included. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, this.zeros);
  }

  /** The lower edge of a bin; bin `counts.length` begins where the last one ends. */
  edge(bin: number): number {
    return (this.#start + bin) * this.width;
  }

  /** The middle of a bin. */
  center(bin: number): number {
    return (this.#start + bin + 0.5) * this.width;
  }

  /** Takes in values; false, and nothing is taken in, when one of them is NaN or infinite. */
  add(values: Float32Array): boolean {
    // Plain variables: an array pattern would keep them on the heap. A NaN stays in both.
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (values.length > 0 && !(Number.isFinite(low) && Number.isFinite(high))) return false;
    this.addWithin(values, low, high);
    return true;
  }

  /**
   * Takes in values of which the smallest and largest are known, or of which they are a part; all of them are finite and
   * none lies outside.
   */
  addWithin(values: Float32Array, low: number, high: number): void {
    if (low > high) return;
    this.#cover(low, high);
    const start = this.#start;
    const pays = values.length > this.#counts.length;
    if (pays && Math.abs(start) + this.#counts.length < 2 ** 31) this.#countInWords(values);
    else this.#countInDoubles(values);
  }

  /**
   * Counting in 32-bit integers, without a branch: zeros, which are many after a Relu, go into their bin at first. Four
   * neighbours count in four lists, since an increment waits for the one before of the same bin.
   */
  #countInWords(values: Float32Array): void {
    const [inverse, start, counts] = [1 / this.width, this.#start, this.#counts];
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    const [a, b, c, d] = Array.from({ length: 4 }, () => new Int32Array(counts.length)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    let others = 0;
    const quads = values.length - (values.length % 4);
    for (let i = 0; i < quads; i += 4) {
      others = (others + isOther(bits[i]!) + isOther(bits[i + 1]!) + isOther(bits[i + 2]!) + isOther(bits[i + 3]!)) | 0;
      a[(Math.floor(values[i]! * inverse) | 0) - start]!++;
      b[(Math.floor(values[i + 1]! * inverse) | 0) - start]!++;
      c[(Math.floor(values[i + 2]! * inverse) | 0) - start]!++;
      d[(Math.floor(values[i + 3]! * inverse) | 0) - start]!++;
    }
    const zeros = quads - others;
    if (zeros > 0) a[-start]! -= zeros;
    this.zeros += zeros;
    for (let bin = 0; bin < counts.length; bin++) counts[bin]! += a[bin]! + b[bin]! + c[bin]! + d[bin]!;
    this.#countInDoubles(values.subarray(quads));
  }

  #countInDoubles(values: Float32Array): void {
    const [inverse, start, counts] = [1 / this.width, this.#start, this.#counts];
    for (const value of values) {
      if (value === 0) this.zeros++;
      else counts[Math.floor(value * inverse) - start]!++;
    }
  }

  /** Takes in what another histogram has seen. */
  merge(other: Histogram): void {
    invariant(other.maxBins === this.maxBins, "merging histograms of different sizes");
    this.zeros += other.zeros;
    if (other.min > other.max) return;
    this.#cover(other.min, other.max);
    const shift = 2 ** (this.#exponent - other.#exponent);
    other.#counts.forEach((count, bin) => {
      if (count > 0) this.#counts[Math.floor((other.#start + bin) / shift) - this.#start]! += count;
    });
  }

  #cover(low: number, high: number): void {
    if (low >= this.min && high <= this.max) return;
    this.min = Math.min(this.min, low);
    this.max = Math.max(this.max, high);
    const exponent = Math.max(this.#exponent, this.#exponentFor(this.min, this.max));
    const start = Math.floor(this.min / 2 ** exponent);
    const counts = new Float64Array(Math.floor(this.max / 2 ** exponent) - start + 1);
    const shift = 2 ** (exponent - this.#exponent);
    this.#counts.forEach((count, bin) => {
      if (count > 0) counts[Math.floor((this.#start + bin) / shift) - start]! += count;
    });
    this.#exponent = exponent;
    this.#start = start;
    this.#counts = counts;
  }

  /** The smallest width whose bins cover a range. */
  #exponentFor(min: number, max: number): number {
    const reach = Math.max(Math.abs(min), Math.abs(max));
    let exponent = Math.max(leastExponent, reach === 0 ? leastExponent : Math.ceil(Math.log2(reach / largestIndex)));
    if (max > min) exponent = Math.max(exponent, Math.floor(Math.log2((max - min) / this.maxBins)));
    while (Math.floor(max / 2 ** exponent) - Math.floor(min / 2 ** exponent) >= this.maxBins) exponent++;
    return exponent;
  }

  /** The state as JSON. */
  toJson(): HistogramJson {
    const counts: (readonly [number, number])[] = [];
    this.#counts.forEach((count, bin) => {
      if (count > 0) counts.push([bin, count]);
    });
    const { maxBins, zeros } = this;
    const ends: readonly [number, number] | null = this.min > this.max ? null : [this.min, this.max];
    return { maxBins, zeros, ends, exponent: this.#exponent, counts };
  }

  /** A histogram from its state. */
  static fromJson({ maxBins, zeros, ends, exponent, counts }: HistogramJson): Histogram {
    const histogram = new Histogram(maxBins);
    histogram.zeros = zeros;
    if (ends === null) return histogram;
    histogram.#exponent = exponent;
    histogram.#cover(ends[0], ends[1]);
    for (const [bin, count] of counts) histogram.#counts[bin] = count;
    return histogram;
  }
}

/** 1 for the bits of any float but 0 and -0. */
function isOther(bits: number): number {
  const magnitude = bits << 1;
  return (magnitude | -magnitude) >>> 31;
}

/** What a histogram holds, for a file. */
export interface HistogramJson {
  readonly maxBins: number;
  readonly zeros: number;
  /** Null before the first value. */
  readonly ends: readonly [min: number, max: number] | null;
  /** Bins are 2^exponent wide. */
  readonly exponent: number;
  /** The bins that are not empty, counted from the one that holds the smallest value. */
  readonly counts: readonly (readonly [bin: number, count: number])[];
}
