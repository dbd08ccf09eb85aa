import type { Batch } from "../data/dataset.ts";
import type { StateSlot } from "../step/assign.ts";
import type { NamedState, TrainState } from "./state.ts";

/** Training steps loaded into ONNX Runtime. */
export interface Runner {
  /** All that is carried from step to step. */
  readonly slots: readonly StateSlot[];
  /** The state training starts from, or goes on from where `named` holds values. */
  initialState(named?: NamedState): TrainState;
  /**
   * Runs one step per batch and moves `state` on; what of it can be read then, `settle` says.
   *
   * @param firstStep number of the first step, from 1
   * @param learningRates one per batch
   * @returns the loss of each step
   */
  run(
    state: TrainState,
    batches: readonly Batch[],
    firstStep: number,
    learningRates: readonly number[],
  ): Promise<Float32Array>;
  /** Most steps that one run should take: more hold more memory than they save time. */
  readonly mostSteps: number;
  /** The state that the last run began with. */
  stateBefore(): Promise<TrainState>;
  /** Frees ONNX Runtime's memory. */
  release(): Promise<void>;
}
