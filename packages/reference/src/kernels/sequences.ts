import { noKernel } from "../kernel.ts";

const reason = noKernel("the interpreter knows tensors only, not sequences and optionals");

/** Ops on sequences and optionals. */
export const sequenceKernels = {
  SequenceConstruct: reason,
  SequenceEmpty: reason,
  SequenceInsert: reason,
  SequenceErase: reason,
  SequenceAt: reason,
  SequenceLength: reason,
  SequenceMap: reason,
  ConcatFromSequence: reason,
  SplitToSequence: reason,
  Optional: reason,
  OptionalGetElement: reason,
  OptionalHasElement: reason,
};
