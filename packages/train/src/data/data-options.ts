import type { DType, Shape, Tensor } from "@lowbit/ir";

/** What a model takes under one name; graph inputs and the ports of a session have this form. */
export interface InputSpec {
  readonly name: string;
  /** Null when unknown: data is passed as it is. */
  readonly dtype: DType | null;
  /** The first axis is the samples; null when unknown: data is passed as it is. */
  readonly shape: Shape | null;
  /** An input that has a value already asks nothing of the data (files of old ONNX versions list weights as inputs). */
  readonly initializer?: Tensor | null;
}

/** Numbers are brought to `(number * scale - mean) / std` before the model sees them. */
export interface Normalization {
  /** Default 1. */
  readonly scale?: number;
  /** One number, or one per channel. Default 0. */
  readonly mean?: readonly number[];
  /** One number, or one per channel. Default 1. */
  readonly std?: readonly number[];
}

/** How data is read for a model. */
export interface DataOptions extends Normalization {
  /** What `y` holds: indices of classes, or the values the model should answer. Default: `y` is not read. */
  readonly targets?: "class" | "value";
  /** Shape of the model's first output, which `y` must fit; class indices must lie inside its second axis. */
  readonly output?: Shape | null;
  /** Refuses data without targets. Default: they may be missing. */
  readonly needsTargets?: boolean;
}
