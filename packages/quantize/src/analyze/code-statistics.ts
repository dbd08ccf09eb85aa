import type { Node, Tensor } from "@lowbit/ir";
import { scaleOfEachRun } from "./diagnostics.ts";
import { Histogram } from "../observers/histogram.ts";
import { ErrorSums, type TensorError } from "./error-sums.ts";

/** How codes are laid over real numbers: value = scale · (code - zeroPoint), for codes qmin to qmax. */
export interface CodeGrid {
  readonly dtype: string;
  readonly qmin: number;
  readonly qmax: number;
  /** One number, or one per channel or block. */
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  /** Of the channels; null for one scale per tensor. */
  readonly axis: number | null;
  /** Neighbours along the axis that share a scale; null unless scales go by blocks. */
  readonly blockSize: number | null;
}

/** Counts of values in bins of equal width. */
export interface HistogramCounts {
  /** Lower edge of the first bin. */
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
  /** Values that were exactly 0; they are in no bin. */
  readonly zeros: number;
}

/** What rounding to codes does to some values. */
export interface CodeStatistics {
  readonly grid: CodeGrid;
  readonly histogram: HistogramCounts;
  /** Smallest and largest value of each index of the channel axis (axis 1 of activations). */
  readonly channels: { readonly min: readonly number[]; readonly max: readonly number[] };
  /** Of rounding alone: the values against their own codes. */
  readonly error: TensorError;
  /** Share of values beyond the smallest and the largest code by more than half a step, 0 to 1. */
  readonly saturated: number;
  /** Share of codes between qmin and qmax that no value has, 0 to 1. */
  readonly unused: number;
  /** The range that holds all but the outermost 0.05 % of the values on each side, to the width of a bin. */
  readonly core: readonly [low: number, high: number];
}

/** Bins that a histogram is told with. */
const toldBins = 128;

/** Values rounded at a time. */
const roundedAtOnce = 4096;

/** Where they are rounded to. */
const rounded = new Float32Array(roundedAtOnce);

/** A number between 2^52 and 2^53: of those the neighbours are whole numbers. */
const lastBitIsOne = 1.5 * 2 ** 52;

/** Looks at float values over batches and at the codes they get, in constant memory. */
export class CodeCounter {
  readonly #grid: CodeGrid;
  readonly #axis: number | null;
  readonly #histogram = new Histogram();
  readonly #used: Uint8Array;
  readonly #errors = new ErrorSums();
  #saturated = 0;
  #total = 0;
  #low: Float64Array | null = null;
  #high: Float64Array | null = null;

  /** @param axis of the channels whose ranges are told; null: the values are one channel */
  constructor(grid: CodeGrid, axis: number | null) {
    this.#grid = grid;
    this.#axis = axis;
    this.#used = new Uint8Array(grid.qmax - grid.qmin + 1);
  }

  /** Takes in values; false when one of them is not finite. */
  add(tensor: Tensor): boolean {
    const values = tensor.floats();
    const [low, high] = this.#addChannels(values, tensor.dims);
    if (values.length > 0 && !(Number.isFinite(low) && Number.isFinite(high))) return false;
    this.#histogram.addWithin(values, low, high);
    const { scale, zeroPoint, axis, blockSize } = this.#grid;
    if (axis === null) this.#round(values, scale[0]!, zeroPoint[0]!);
    else {
      const inner = sizeOf(tensor.dims.slice(axis + 1));
      const length = tensor.dims[axis]!;
      const groups = blockSize === null ? length : Math.ceil(length / blockSize);
      for (let start = 0, run = 0; start < values.length; start += inner, run++) {
        const [outer, at] = [Math.floor(run / length), run % length];
        if (blockSize === null) {
          this.#round(values.subarray(start, start + inner), scale[at]!, zeroPoint[at] ?? 0);
          continue;
        }
        for (let i = start; i < start + inner; i++) {
          const group = (outer * groups + Math.floor(at / blockSize)) * inner + i - start;
          this.#round(values.subarray(i, i + 1), scale[group]!, zeroPoint[group] ?? 0);
        }
      }
    }
    this.#total += values.length;
    return true;
  }

  /** Takes in what another counter of the same grid has seen. */
  merge(other: CodeCounter): void {
    this.#histogram.merge(other.#histogram);
    other.#used.forEach((isUsed, code) => (this.#used[code]! |= isUsed));
    this.#errors.merge(other.#errors);
    this.#saturated += other.#saturated;
    this.#total += other.#total;
    if (!other.#low || !other.#high) return;
    this.#low ??= new Float64Array(other.#low.length).fill(Infinity);
    this.#high ??= new Float64Array(other.#high.length).fill(-Infinity);
    // A value whose number of channels depends on the sample is told as one channel, the first.
    const isAligned = this.#low.length === other.#low.length;
    other.#low.forEach((low, index) => {
      const channel = isAligned ? index : 0;
      this.#low![channel] = Math.min(this.#low![channel]!, low);
      this.#high![channel] = Math.max(this.#high![channel]!, other.#high![index]!);
    });
  }

  result(): CodeStatistics {
    const histogram = this.#histogram;
    const used = this.#used.reduce((sum, each) => sum + each, 0);
    return {
      grid: this.#grid,
      histogram: told(histogram),
      channels: { min: [...(this.#low ?? [])], max: [...(this.#high ?? [])] },
      error: this.#errors.result(),
      saturated: this.#total === 0 ? 0 : this.#saturated / this.#total,
      unused: 1 - used / this.#used.length,
      core: coreOf(histogram),
    };
  }

  /** Rounds values to codes, a part at a time that stays in the fastest memory. */
  #round(values: Float32Array, scale: number, zero: number): void {
    const { qmin, qmax } = this.#grid;
    const used = this.#used;
    const [low, high] = [qmin - 0.5, qmax + 0.5];
    let saturated = 0;
    for (let from = 0; from < values.length; from += roundedAtOnce) {
      const part = values.subarray(from, from + roundedAtOnce);
      for (let i = 0; i < part.length; i++) {
        const exact = part[i]! / scale + zero;
        if (exact < low || exact > high) saturated++;
        const inside = Math.max(qmin, Math.min(qmax, exact));
        // Adding and taking away a number whose last bit is 1 rounds half to even.
        const code = inside + lastBitIsOne - lastBitIsOne;
        used[code - qmin] = 1;
        rounded[i] = (code - zero) * scale;
      }
      this.#errors.add(part, rounded);
    }
    this.#saturated += saturated;
  }

  /** Smallest and largest of these values; NaN where one of them is. */
  #addChannels(values: Float32Array, dims: readonly number[]): readonly [low: number, high: number] {
    const axis = this.#axis !== null && this.#axis < dims.length ? this.#axis : null;
    const count = axis === null ? 1 : dims[axis]!;
    const inner = axis === null ? values.length : sizeOf(dims.slice(axis + 1));
    // A value whose number of channels depends on the sample (a sequence) is told as one channel.
    this.#low ??= new Float64Array(count).fill(Infinity);
    this.#high ??= new Float64Array(count).fill(-Infinity);
    const [lows, highs] = [this.#low, this.#high];
    let low = Infinity;
    let high = -Infinity;
    for (let start = 0, run = 0; start < values.length; start += inner, run++) {
      const channel = lows.length === count ? run % count : 0;
      let least = Infinity;
      let most = -Infinity;
      for (let i = start; i < start + inner; i++) {
        const value = values[i]!;
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      lows[channel] = Math.min(lows[channel]!, least);
      highs[channel] = Math.max(highs[channel]!, most);
      low = Math.min(low, least);
      high = Math.max(high, most);
    }
    return [low, high];
  }
}

/** The grid of a FakeQuantize. @throws CompileError `analyze/dynamic-scale` where only a run tells its scale */
export function gridOf(node: Node): CodeGrid {
  const [, scale, zeroPoint] = node.inputs.map((value) => value?.constant ?? null);
  if (!scale || !zeroPoint) throw scaleOfEachRun(node.input.name);
  const isPerTensor = scale.size === 1;
  const blockSize = node.int("block_size", 0);
  return {
    dtype: zeroPoint.dtype,
    qmin: node.int("qmin", 0),
    qmax: node.int("qmax", 0),
    scale: [...scale.floats()],
    zeroPoint: [...zeroPoint.numbers()],
    axis: isPerTensor ? null : node.int("axis", 1),
    blockSize: blockSize > 0 ? blockSize : null,
  };
}

/** A histogram with few enough bins to be told. */
function told(histogram: Histogram): HistogramCounts {
  const { counts, width, zeros } = histogram;
  const joined = Math.max(1, Math.ceil(counts.length / toldBins));
  const bins = Array.from({ length: Math.ceil(counts.length / joined) }, (_, i) =>
    counts.subarray(i * joined, (i + 1) * joined).reduce((sum, count) => sum + count, 0),
  );
  return { start: counts.length === 0 ? 0 : histogram.edge(0), width: width * joined, counts: bins, zeros };
}

/** Share of the values that may lie outside the core, on each side. */
const outside = 0.0005;

function coreOf(histogram: Histogram): readonly [number, number] {
  const { counts, total } = histogram;
  if (counts.length === 0) return [0, 0];
  const spare = outside * total;
  let [first, last] = [0, counts.length - 1];
  for (let sum = counts[first]!; sum < spare && first < last; sum += counts[first]!) first++;
  for (let sum = counts[last]!; sum < spare && last > first; sum += counts[last]!) last--;
  return [Math.max(histogram.min, histogram.edge(first)), Math.min(histogram.max, histogram.edge(last + 1))];
}

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}
