import { shapeText, type Shape } from "@lowbit/ir";
import { badNormalization } from "../../diagnostics.ts";
import type { InputSpec, Normalization } from "../data-options.ts";

/** Normalizes a batch of float elements. */
export type Normalize = (values: Float32Array, dims: readonly number[]) => Float32Array;

/**
 * The normalization asked for as a function on batches of an input, or null when none was asked for.
 *
 * @throws CompileError `data/normalization`
 */
export function normalizer(input: InputSpec, settings: Normalization): Normalize | null {
  const { scale = 1, mean = [0], std = [1] } = settings;
  if (settings.scale === undefined && !settings.mean && !settings.std) return null;
  const channels = Math.max(mean.length, std.length);
  if (mean.length === 0 || std.length === 0) throw badNormalization(`the list of numbers is empty`);
  if ((mean.length !== 1 && mean.length !== channels) || (std.length !== 1 && std.length !== channels)) {
    throw badNormalization(`${mean.length} means do not go with ${std.length} standard deviations`);
  }
  if (std.includes(0)) throw badNormalization("a standard deviation is 0");
  if (input.dtype !== null && input.dtype !== "float") {
    throw badNormalization(`input "${input.name}" is ${input.dtype}, and only float inputs can be normalized`);
  }
  const factors = Float64Array.from({ length: channels }, (_, c) => scale / at(std, c));
  const shifts = Float64Array.from({ length: channels }, (_, c) => at(mean, c) / at(std, c));
  if (channels > 1) channelAxis(input, input.shape, channels);
  return (values, dims) => {
    const axis = channels === 1 ? 0 : channelAxis(input, dims, channels);
    const inner = channels === 1 ? values.length : dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
    const result = new Float32Array(values.length);
    for (let start = 0, c = 0; start < values.length; start += inner, c = (c + 1) % channels) {
      const [factor, shift] = [factors[c]!, shifts[c]!];
      for (let i = start; i < start + inner; i++) result[i] = values[i]! * factor - shift;
    }
    return result;
  };
}

function at(list: readonly number[], channel: number): number {
  return list.length === 1 ? list[0]! : list[channel]!;
}

/** The axis of so many channels: the second one (NCHW, or features), else the last one (NHWC). */
function channelAxis(input: InputSpec, shape: Shape | null, channels: number): number {
  if (shape === null || shape[1] === channels) return 1;
  if (shape.at(-1) === channels) return shape.length - 1;
  if (shape.length > 1 && typeof shape[1] !== "number") return 1;
  throw badNormalization(
    `${channels} numbers are given, but input "${input.name}" ${shapeText(shape)} has no axis of ${channels} channels`,
  );
}
