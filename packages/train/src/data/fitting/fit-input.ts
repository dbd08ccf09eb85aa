import { Tensor } from "@lowbit/ir";
import { dtypeMismatch, integerTooLarge, shapeMismatch } from "../../diagnostics.ts";
import type { InputSpec, Normalization } from "../data-options.ts";
import { convert, converts } from "./convert.ts";
import { normalizer } from "./normalize.ts";
import { fitSampleShape } from "./sample-shape.ts";

/** Brings a batch of samples, first axis the samples, into the form a model input takes. */
export type FitInput = (samples: Tensor) => Tensor;

/**
 * What has to be done to data of one origin before a model input takes it: other dimensions over the same elements,
 * another dtype, normalization.
 *
 * @param source what messages call the data
 * @throws CompileError `data/normalization`; the function it returns: `data/shape`, `data/dtype`
 */
export function fitInput(input: InputSpec, source: string, normalization: Normalization): FitInput {
  const normalize = normalizer(input, normalization);
  return (samples) => {
    const placed = samples.reshape([samples.dims[0]!, ...sampleDims(samples, input, source)]);
    const dtype = input.dtype ?? placed.dtype;
    if (!converts(placed.dtype, dtype)) throw dtypeMismatch(input, placed.dtype, source);
    const converted = convert(placed, dtype);
    if (!converted) throw integerTooLarge(input, placed.dtype, source);
    return normalize ? Tensor.fromTyped("float", placed.dims, normalize(converted.floats(), placed.dims)) : converted;
  };
}

function sampleDims(samples: Tensor, input: InputSpec, source: string): readonly number[] {
  const dims = samples.dims.slice(1);
  if (input.shape === null) return dims;
  if (input.shape.length === 0) throw shapeMismatch(input, dims, "the input has no axis for the samples", source);
  const fitted = fitSampleShape(dims, input.shape.slice(1));
  if ("dims" in fitted) return fitted.dims;
  throw shapeMismatch(input, dims, fitted.reason, source);
}
