import { Tensor, type Graph } from "@lowbit/ir";
import type { SessionOptions } from "@lowbit/runtime";
import type { Batch } from "../data/dataset.ts";
import type { Runner } from "./runner.ts";
import { StepInParts } from "./step-in-parts.ts";
import type { StateSlot } from "../step/assign.ts";
import type { TrainStepOptions } from "../step/train-step.ts";
import type { NamedState, TrainState } from "./state.ts";

/** Runs training steps whose batches pass through the model in parts, with the gradients added up (accumulation). */
export class MicroBatchRunner implements Runner {
  readonly mostSteps = Infinity;
  readonly #parts: StepInParts;
  readonly #microBatch: number;
  /** What the last run began with: tensors of a state are replaced, never changed. */
  #before: ReadonlyMap<string, Tensor> = new Map();

  private constructor(parts: StepInParts, microBatch: number) {
    this.#parts = parts;
    this.#microBatch = microBatch;
  }

  /** @param options `batch` is the most samples that pass through the model at once @throws CompileError as `trainStep` */
  static async create(
    graph: Graph,
    options: TrainStepOptions,
    runtime: SessionOptions = {},
  ): Promise<MicroBatchRunner> {
    return new MicroBatchRunner(await StepInParts.create(graph, options, runtime), options.batch);
  }

  get slots(): readonly StateSlot[] {
    return this.#parts.slots;
  }

  /** The state training starts from, or goes on from where `named` holds values. */
  initialState(named: NamedState = new Map()): TrainState {
    return this.#parts.initialState(named);
  }

  /**
   * One step per batch, as `StepRunner.run`.
   *
   * @returns the mean loss of each step
   */
  async run(
    state: TrainState,
    batches: readonly Batch[],
    firstStep: number,
    learningRates: readonly number[],
  ): Promise<Float32Array> {
    this.#before = new Map(state);
    const losses = new Float32Array(batches.length);
    for (const [index, batch] of batches.entries()) {
      const gradients = await this.#parts.gradients(state, microBatches(batch, this.#microBatch));
      await this.#parts.update(state, gradients, firstStep + index, learningRates[index]!);
      losses[index] = gradients.loss / gradients.weight;
    }
    return losses;
  }

  /** The state that the last run began with. */
  stateBefore(): Promise<TrainState> {
    return Promise.resolve(new Map(this.#before));
  }

  async release(): Promise<void> {
    await this.#parts.release();
  }
}

/** A batch in parts of a size; the last may be smaller. */
export function microBatches(batch: Batch, size: number): readonly Batch[] {
  const parts: Batch[] = [];
  for (let first = 0; first < batch.size; first += size) {
    const count = Math.min(size, batch.size - first);
    const inputs = Object.fromEntries(
      Object.entries(batch.inputs).map(([name, tensor]) => [name, rows(tensor, first, count)]),
    );
    parts.push({ inputs, size: count, ...(batch.target ? { target: rows(batch.target, first, count) } : {}) });
  }
  return parts;
}

/** Some entries of the first axis. */
function rows(tensor: Tensor, first: number, count: number): Tensor {
  const bytes = tensor.bytes();
  const each = bytes.length / tensor.dims[0]!;
  return Tensor.fromBytes(
    tensor.dtype,
    [count, ...tensor.dims.slice(1)],
    bytes.slice(first * each, (first + count) * each),
  );
}
