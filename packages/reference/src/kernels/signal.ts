import { tensorOf } from "../arrays/elements.ts";
import { dtypeOfNumber } from "../dtype-numbers.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import type { DType } from "@lowbit/ir";

function outputDType(call: KernelCall): DType {
  const number = call.node.int("output_datatype", 1);
  return dtypeOfNumber(number) ?? call.fail(`output_datatype ${number} is not an ONNX data type`);
}

/** A window `a0 - a1·cos(2πn/N) + a2·cos(4πn/N)`, with N the size, or the size - 1 when it is not periodic. */
const cosineWindow =
  (a0: number, a1: number, a2 = 0): Kernel =>
  (call) => {
    const size = call.scalar(0);
    const period = call.node.int("periodic", 1) === 1 ? size : size - 1;
    const window = Array.from({ length: size }, (_, n) => {
      const angle = (2 * Math.PI * n) / period;
      return a0 - a1 * Math.cos(angle) + a2 * Math.cos(2 * angle);
    });
    return tensorOf(outputDType(call), [size], window);
  };

/** Triangular filters, equally spaced in mel, over the bins of a Fourier transform: `[dft_length/2 + 1, mel bins]`. */
const melWeightMatrix: Kernel = (call) => {
  const [bins, dftLength, rate, low, high] = [0, 1, 2, 3, 4].map((index) => call.scalar(index)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const toMel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const step = (toMel(high) - toMel(low)) / (bins + 2);
  const edges = Array.from({ length: bins + 2 }, (_, i) => {
    const hertz = 700 * (10 ** ((i * step + toMel(low)) / 2595) - 1);
    return Math.floor(((dftLength + 1) * hertz) / rate);
  });
  const rows = Math.floor(dftLength / 2) + 1;
  const weights = new Float64Array(rows * bins);
  for (let bin = 0; bin < bins; bin++) {
    const [lower, center, upper] = [edges[bin]!, edges[bin + 1]!, edges[bin + 2]!];
    if (center === lower) weights[center * bins + bin] = 1;
    for (let row = lower; center !== lower && row <= center; row++)
      weights[row * bins + bin] = (row - lower) / (center - lower);
    for (let row = center; upper !== center && row < upper; row++)
      weights[row * bins + bin] = (upper - row) / (upper - center);
  }
  return tensorOf(outputDType(call), [rows, bins], weights);
};

/** Windows and filters of signal processing. */
export const signalKernels = {
  BlackmanWindow: cosineWindow(0.42, 0.5, 0.08),
  HammingWindow: cosineWindow(25 / 46, 21 / 46),
  HannWindow: cosineWindow(0.5, 0.5),
  MelWeightMatrix: melWeightMatrix,
} satisfies Readonly<Record<string, Kernel>>;
