import { type Fields, optional, repeated } from "./field.ts";
import type { Message } from "./message.ts";

/** The dimensions of a tensor type, outermost first. */
export interface TensorShapeProto extends Message {
  readonly dim: readonly TensorShapeProtoDimension[];
}

/** A dimension: a size, a symbol, or (neither set) unknown. */
export interface TensorShapeProtoDimension extends Message {
  readonly dim_value?: number;
  readonly dim_param?: string;
  readonly denotation?: string;
}

export const tensorShapeProto: Fields<TensorShapeProto> = {
  dim: repeated.message(1, "TensorShapeProto.Dimension"),
};

export const tensorShapeProtoDimension: Fields<TensorShapeProtoDimension> = {
  dim_value: optional.integer(1, "value"),
  dim_param: optional.string(2, "value"),
  denotation: optional.string(3),
};
