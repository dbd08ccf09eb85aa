/**
 * What is wrong with a message:
 * - `proto/truncated`: the data ends inside a value, or a length points past the end of its message;
 * - `proto/malformed`: a tag, a number or a list that protobuf does not allow;
 * - `proto/depth`: messages nested deeper than `maxDepth`;
 * - `proto/integer`: a number outside the range of its field, or past 2^53 where a length or version belongs;
 * - `proto/oneof`: two fields set of which only one may be;
 * - `proto/text`: a string that has no UTF-8 form;
 * - `proto/too-large`: a message of 2 GiB or more, which protobuf cannot express.
 */
export type ProtoErrorCode =
  | "proto/truncated"
  | "proto/malformed"
  | "proto/depth"
  | "proto/integer"
  | "proto/oneof"
  | "proto/text"
  | "proto/too-large";

/** The one error of this package: bytes that are no ONNX message, or an object that cannot be written as one. */
export class ProtoError extends Error {
  readonly code: ProtoErrorCode;
  /** Where in the message, such as `ModelProto.graph.node[3].attribute[0]`. */
  readonly path: string;
  /** Where in the bytes; absent when writing. */
  readonly offset: number | undefined;

  constructor(code: ProtoErrorCode, path: string, text: string, offset?: number) {
    super(`${path}: ${text}${offset === undefined ? "" : ` (byte ${offset})`}`);
    this.name = "ProtoError";
    this.code = code;
    this.path = path;
    this.offset = offset;
  }
}
