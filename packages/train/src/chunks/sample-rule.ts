import { invariant, isStatic, type Node, type Value } from "@lowbit/ir";

/**
 * Where the samples of a batch lie in a value: an axis whose elements are all those of the first sample, then all those of the
 * second one and so on. It is as long as the batch, or a multiple of that.
 */
export type SampleAxis = number;

/** A node of a training step, and where the samples lie in its operands. */
export interface SampledNode {
  readonly node: Node;
  /** Samples in the batch. */
  readonly samples: number;
  /** The sample axis of an operand; null for an absent one, and for one that is the same for all samples. */
  readonly axisOf: (operand: number) => SampleAxis | null;
}

/** What a node makes of samples. */
export type SampleOutcome =
  /** Each output holds, for some samples of the operands, what belongs to these. */
  | {
      readonly kind: "each";
      /** Of all outputs. */
      readonly axis: SampleAxis;
      /** The operand that is the shape of the first output, and is another one for another number of samples. */
      readonly shapeOperand?: number;
      /** Integer attributes that are so much times the samples. */
      readonly perSample?: Readonly<Record<string, number>>;
    }
  /** The only output is this of what the node makes of some samples and of as many others. */
  | { readonly kind: "sum" | "max" | "min" | "mean" };

/** Tells what a node makes of samples; null where it cannot be parted. At least one operand has a sample axis. */
export type SampleRule = (sampled: SampledNode) => SampleOutcome | null;

/** The dimensions of a value of a training step, which are all numbers. */
export function sizes(value: Value | null | undefined): readonly number[] {
  invariant(value && isStatic(value.shape), `chunks: ${value?.name ?? "an absent value"} has no static shape`);
  return value.shape;
}

/** The only operands with samples are these, all along one axis: that axis, null otherwise. */
export function axisOfOnly({ node, axisOf }: SampledNode, operands: readonly number[]): SampleAxis | null {
  const axis = axisOf(operands[0]!);
  const fits = node.inputs.every((_, index) => axisOf(index) === (operands.includes(index) ? axis : null));
  return fits ? axis : null;
}
