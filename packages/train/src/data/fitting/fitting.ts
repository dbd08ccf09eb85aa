import type { Tensor } from "@lowbit/ir";
import { badFile, countMismatch, emptyData } from "../../diagnostics.ts";
import type { Batch } from "../dataset.ts";
import type { DataOptions, InputSpec } from "../data-options.ts";
import { fitInput } from "./fit-input.ts";
import { fitTarget } from "./fit-target.ts";

/** Arrays as a source holds them: by the names of model inputs, first axis the samples, nothing converted yet. */
export interface RawBatch {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly target?: Tensor | undefined;
}

/** Brings what a source holds into the form a model takes. All members throw CompileError `data/…`. */
export interface Fitting {
  /** The inputs that data must give. */
  readonly inputs: readonly InputSpec[];
  /** Whether `y` is to be read. */
  readonly wantsTargets: boolean;
  /** What messages call the data. */
  readonly source: string;
  /** The targets of so many samples. @param firstSample index of the first one in the data, for messages */
  fitTarget(target: Tensor, samples: number, firstSample: number): Tensor;
  fitBatch(raw: RawBatch, firstSample: number): Batch;
}

/** Prepares the conversion of one source's data for the inputs of a model. @throws CompileError `data/normalization` */
export function createFitting(inputs: readonly InputSpec[], options: DataOptions, source: string): Fitting {
  const fits = inputs.map((input) => ({ input, fit: fitInput(input, source, options) }));
  const fitY = fitTarget(options, source);
  return {
    inputs,
    wantsTargets: fitY !== null,
    source,
    fitTarget: (target, samples, firstSample) => fitY?.(target, samples, firstSample) ?? target,
    fitBatch({ inputs: raw, target }, firstSample) {
      const size = sampleCount(raw, source);
      return {
        inputs: Object.fromEntries(fits.map(({ input, fit }) => [input.name, fit(raw[input.name]!)])),
        ...(fitY && target ? { target: fitY(target, size, firstSample) } : {}),
        size,
      };
    },
  };
}

/** How many samples all arrays have. @throws CompileError `data/count`, `data/empty`, `data/bad-file` */
export function sampleCount(inputs: RawBatch["inputs"], source: string): number {
  let size: number | null = null;
  for (const [name, { dims }] of Object.entries(inputs)) {
    if (dims[0] === undefined) throw badFile(source, `array "${name}" is one number, without an axis for the samples`);
    if (size !== null && size !== dims[0]) throw countMismatch(size, dims[0], `array "${name}"`, source);
    size = dims[0];
  }
  if (!size) throw emptyData(source);
  return size;
}
