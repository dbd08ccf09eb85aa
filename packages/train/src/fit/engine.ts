import type { Graph } from "@lowbit/ir";
import { unpackState, withState, type NamedState, type TrainState } from "../engine/state.ts";
import { MicroBatchRunner } from "../engine/micro-batch-runner.ts";
import type { Runner } from "../engine/runner.ts";
import { StepRunner } from "../engine/step-runner.ts";
import { averagedState } from "../optimizer/averaged.ts";
import type { FitOptions, Phase } from "./fit-options.ts";

/** The state of a training run, and the loaded steps of its current phase by batch size. */
export class Engine {
  #graph: Graph;
  readonly #options: FitOptions;
  #phase: Phase | null = null;
  readonly #runners = new Map<number, Runner>();
  /** The state as the current phase's steps carry it; null before its first step. */
  #state: { readonly slots: Runner["slots"]; readonly tensors: TrainState } | null = null;
  /** The state when the phase began. */
  #named: NamedState = new Map();

  constructor(graph: Graph, options: FitOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  /** Switches to the phase that begins at an epoch; null when none does. */
  async enter(epoch: number): Promise<Phase | null> {
    const phase = this.#options.phases?.findLast((candidate) => candidate.fromEpoch <= epoch) ?? null;
    if (phase === this.#phase || phase === null) return null;
    this.#named = this.state();
    this.#state = null;
    this.#graph = withState(this.#graph, this.#named);
    phase.change?.(this.#graph);
    this.#phase = phase;
    await this.release();
    return phase;
  }

  /** The step for a batch size, loaded when first asked for. */
  async runner(size: number): Promise<Runner> {
    const { loss, optimizer, parameters, clipNorm, threads, microBatch } = this.#options;
    // Steps in micro-batches take batches of any size.
    const batch = microBatch ?? size;
    const loaded = this.#runners.get(batch);
    if (loaded) return loaded;
    const batchNormalization = this.#phase?.batchNormalization;
    const kind = microBatch === undefined ? StepRunner : MicroBatchRunner;
    const runner = await kind.create(
      this.#graph,
      {
        loss,
        optimizer,
        batch,
        ...(parameters ? { parameters } : {}),
        ...(clipNorm === undefined ? {} : { clipNorm }),
        ...(batchNormalization ? { batchNormalization } : {}),
      },
      threads === undefined ? {} : { threads },
    );
    this.#runners.set(batch, runner);
    return runner;
  }

  /** The running state; the steps of one phase share it, whatever their batch size. */
  stateFor(runner: Runner): TrainState {
    this.#state ??= { slots: runner.slots, tensors: runner.initialState(this.#named) };
    return this.#state.tensors;
  }

  /** The graph with the current values of its state; parameters are averages where the optimizer keeps these. */
  current(): Graph {
    return withState(this.#graph, averagedState(this.#options.optimizer, this.state()));
  }

  /** Goes on from a state saved before; only before the first step. */
  restore(state: NamedState): void {
    this.#named = state;
    this.#graph = withState(this.#graph, state);
  }

  /** All state by name: the model's, frozen or not, and the optimizer's. */
  state(): NamedState {
    if (!this.#state) return this.#named;
    return new Map([...this.#named, ...unpackState(this.#state.slots, this.#state.tensors)]);
  }

  async release(): Promise<void> {
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    await Promise.all(runners.map((runner) => runner.release()));
  }
}
