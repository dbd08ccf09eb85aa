import { tensorType } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** StringNormalizer: words that are stop words go. */
export function inferStringNormalizer(context: InferContext): Inferred {
  const shape = context.shape(0);
  return { types: [tensorType("string", shape && (shape.length === 1 ? [null] : [1, null]))] };
}

/** StringSplit: parts along a new last axis, padded, and how many there are. */
export function inferStringSplit(context: InferContext): Inferred {
  const shape = context.shape(0);
  return { types: [tensorType("string", shape && [...shape, null]), tensorType("int64", shape)] };
}

/** TfIdfVectorizer: one number per n-gram of the pool. */
export function inferTfIdf(context: InferContext): Inferred {
  const shape = context.shape(0);
  const size = context.node.ints("ngram_indexes", []).reduce((largest, index) => Math.max(largest, index), -1) + 1;
  return { types: [tensorType("float", shape && (shape.length === 2 ? [shape[0]!, size] : [size]))] };
}

/** ImageDecoder: [height, width, channels]. */
export function inferImageDecoder(context: InferContext): Inferred {
  const channels = context.node.string("pixel_format", "RGB") === "Grayscale" ? 1 : 3;
  return { types: [tensorType("uint8", [null, null, channels])] };
}
