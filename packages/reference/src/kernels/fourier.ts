import { tensorOf } from "../arrays/elements.ts";
import { aroundAxis } from "../arrays/regroup.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { Kernel } from "../kernel.ts";

/** One complex number as (real, imaginary). */
type Complex = readonly [number, number];

/** `Σ x[n]·e^(∓2πikn/N)` for the first `count` k; the inverse is divided by N. */
function transform(x: readonly Complex[], count: number, inverse: boolean): Complex[] {
  const sign = inverse ? 1 : -1;
  const scale = inverse ? 1 / x.length : 1;
  return Array.from({ length: count }, (_, k) => {
    let [real, imaginary] = [0, 0];
    for (const [n, [re, im]] of x.entries()) {
      const angle = (sign * 2 * Math.PI * ((k * n) % x.length)) / x.length;
      real += re * Math.cos(angle) - im * Math.sin(angle);
      imaginary += re * Math.sin(angle) + im * Math.cos(angle);
    }
    return [real * scale, imaginary * scale];
  });
}

/** The discrete Fourier transform along an axis; the last axis holds 1 (real) or 2 (complex) numbers. */
const dft: Kernel = (call) => {
  const x = call.tensor(0);
  const lanes = x.dims.at(-1)!;
  const axis = call.axis(call.optionalScalar(2) ?? -2, x.dims.length);
  const inverse = call.node.int("inverse", 0) === 1;
  const oneSided = call.node.int("onesided", 0) === 1;
  const { outer, length, inner } = aroundAxis(x.dims.slice(0, -1), axis);
  const given = call.optionalScalar(1) ?? length;
  const size = inverse && oneSided && !call.optional(1) ? 2 * (length - 1) : given;
  const count = oneSided && !inverse ? Math.floor(size / 2) + 1 : size;
  const outLanes = inverse && oneSided ? 1 : 2;
  const elements = x.numbers();
  const y = new Float64Array(outer * count * inner * outLanes);
  for (let group = 0; group < outer * inner; group++) {
    const [o, i] = [Math.floor(group / inner), group % inner];
    const at = (n: number): Complex => {
      if (n >= length) {
        // A one-sided spectrum continues with the conjugates of its other half.
        if (!inverse || !oneSided || n >= size) return [0, 0];
        const [re, im] = at(size - n);
        return [re, -im];
      }
      const place = ((o * length + n) * inner + i) * lanes;
      return [elements[place]!, lanes === 2 ? elements[place + 1]! : 0];
    };
    const result = transform(
      Array.from({ length: size }, (_, n) => at(n)),
      count,
      inverse,
    );
    for (const [k, parts] of result.entries()) {
      for (let lane = 0; lane < outLanes; lane++) y[((o * count + k) * inner + i) * outLanes + lane] = parts[lane]!;
    }
  }
  return tensorOf(x.dtype, [...x.dims.slice(0, -1).with(axis, count), outLanes], y);
};

/** Transforms of windowed frames of a signal: `[batch, frames, bins, 2]`. */
const stft: Kernel = (call) => {
  const signal = call.tensor(0);
  const step = call.scalar(1);
  const window = call.optional(2)?.numbers();
  const size = call.optionalScalar(3) ?? window?.length ?? call.fail("needs a window or a frame length");
  const [batch, length] = signal.dims as [number, number];
  const lanes = signal.dims.length > 2 ? signal.dims[2]! : 1;
  const frames = Math.floor((length - size) / step) + 1;
  const count = call.node.int("onesided", 1) === 1 ? Math.floor(size / 2) + 1 : size;
  const elements = signal.numbers();
  const y: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let frame = 0; frame < frames; frame++) {
      const samples = Array.from({ length: size }, (_, n): Complex => {
        const place = (b * length + frame * step + n) * lanes;
        const weight = window?.[n] ?? 1;
        return [elements[place]! * weight, lanes === 2 ? elements[place + 1]! * weight : 0];
      });
      for (const [re, im] of transform(samples, count, false)) y.push(re, im);
    }
  }
  return tensorOf(signal.dtype, [batch, frames, count, 2], y);
};

/** Determinants of matrices, by elimination with partial pivoting. */
const det: Kernel = (call) => {
  const x = call.tensor(0);
  const n = x.dims.at(-1)!;
  const elements = x.numbers();
  const determinants = Array.from({ length: sizeOf(x.dims.slice(0, -2)) }, (_, i) => {
    const rows = Array.from({ length: n }, (_unused, row) => elements.slice((i * n + row) * n, (i * n + row + 1) * n));
    let product = 1;
    for (let column = 0; column < n; column++) {
      let pivot = column;
      for (let row = column + 1; row < n; row++) {
        if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
      }
      if (rows[pivot]![column] === 0) return 0;
      if (pivot !== column) {
        [rows[pivot], rows[column]] = [rows[column]!, rows[pivot]!];
        product = -product;
      }
      const top = rows[column]!;
      product *= top[column]!;
      for (const row of rows.slice(column + 1)) {
        const factor = row[column]! / top[column]!;
        for (let k = column; k < n; k++) row[k]! -= factor * top[k]!;
      }
    }
    return product;
  });
  return tensorOf(x.dtype, x.dims.slice(0, -2), determinants);
};

/** Fourier transforms, by their defining sums, and determinants. */
export const fourierKernels = {
  DFT: dft,
  STFT: stft,
  Det: det,
} satisfies Readonly<Record<string, Kernel>>;
