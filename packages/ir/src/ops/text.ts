import { defineOp, floats, int, ints, required, string, strings } from "./define-op.ts";
import { broadcastTypes, sameShapeAs } from "./infer-elementwise.ts";
import { inferImageDecoder, inferStringNormalizer, inferStringSplit, inferTfIdf } from "./infer-text.ts";

/** Ops on strings and encoded images. */
export const textOps = {
  StringNormalizer: defineOp("StringNormalizer", {
    since: 10,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      case_change_action: string("NONE"),
      is_case_sensitive: int(0),
      locale: string(),
      stopwords: strings(),
    },
    infer: inferStringNormalizer,
  }),
  StringConcat: defineOp("StringConcat", {
    since: 20,
    inputs: ["X", "Y"],
    outputs: ["Z"],
    traits: ["elementwise"],
    infer: broadcastTypes,
  }),
  StringSplit: defineOp("StringSplit", {
    since: 20,
    inputs: ["X"],
    outputs: ["Y", "Z"],
    attributes: { delimiter: string(), maxsplit: int() },
    infer: inferStringSplit,
  }),
  RegexFullMatch: defineOp("RegexFullMatch", {
    since: 20,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { pattern: string() },
    traits: ["elementwise"],
    infer: sameShapeAs("bool"),
  }),
  TfIdfVectorizer: defineOp("TfIdfVectorizer", {
    since: 9,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      max_gram_length: required(int()),
      max_skip_count: required(int()),
      min_gram_length: required(int()),
      mode: required(string()),
      ngram_counts: required(ints()),
      ngram_indexes: required(ints()),
      pool_int64s: ints(),
      pool_strings: strings(),
      weights: floats(),
    },
    infer: inferTfIdf,
  }),
  ImageDecoder: defineOp("ImageDecoder", {
    since: 20,
    inputs: ["encoded_stream"],
    outputs: ["image"],
    attributes: { pixel_format: string("RGB") },
    infer: inferImageDecoder,
  }),
};
