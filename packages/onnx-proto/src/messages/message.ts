/** One field that this schema does not know, kept exactly as it was read. */
export interface UnknownField {
  /** Field number, 1 to 2^29 - 1. */
  readonly number: number;
  /** The whole field: its tag, its length prefix if any, and its content. A view of the input. */
  readonly bytes: Uint8Array;
}

/** What every ONNX message has beside its own fields. */
export interface Message {
  /**
   * Fields that are not in the schema, or that come with another wire type than the schema's, in the order they were
   * read. A writer puts them after all known fields, as protobuf's own C++ writer does.
   */
  readonly unknown_fields?: readonly UnknownField[];
}
