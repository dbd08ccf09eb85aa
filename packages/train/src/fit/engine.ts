import type { Graph } from "@lowbit/ir";
import { sampled, settle } from "../engine/held-state.ts";
import { unpackState, withState, type NamedState, type TrainState } from "../engine/state.ts";
import { MicroBatchRunner } from "../engine/micro-batch-runner.ts";
import type { Runner } from "../engine/runner.ts";
import { StepRunner } from "../engine/step-runner.ts";
import { averagedState } from "../optimizer/averaged.ts";
import type { TrainStepOptions } from "../step/train-step.ts";
import type { FitOptions, Phase } from "./fit-options.ts";
import { isFinite } from "./is-finite.ts";

/** Elements of a tensor that a glance looks at: what makes one weight NaN seldom stops there. */
const sampledElements = 4096;

/** The state of a training run, and the loaded steps of its current phase by batch size. */
export class Engine {
  /** As the caller gave it. */
  readonly #original: Graph;
  /** The form of the current phase. */
  #graph: Graph;
  readonly #options: FitOptions;
  #phase: Phase | null = null;
  readonly #runners = new Map<number, Runner>();
  /** The state as the current phase's steps carry it; null before its first step. */
  #state: { readonly slots: Runner["slots"]; readonly tensors: TrainState } | null = null;
  /** The state when the phase began. */
  #named: NamedState = new Map();

  constructor(graph: Graph, options: FitOptions) {
    this.#original = graph;
    this.#graph = graph;
    this.#options = options;
  }

  /** Switches to the phase of an epoch; null when that is the phase it is in. */
  async enter(epoch: number): Promise<Phase | null> {
    const phase = this.#options.phases?.findLast((candidate) => candidate.fromEpoch <= epoch) ?? null;
    if (phase === this.#phase || phase === null) return null;
    this.#named = await this.state();
    this.#state = null;
    this.#graph = this.graphAt(epoch, this.#named);
    this.#phase = phase;
    await this.release();
    return phase;
  }

  /** The graph in the form of an epoch's phase, changed by all phases up to it in order, with the values of a state. */
  graphAt(epoch: number, state: NamedState): Graph {
    const graph = withState(this.#original, state);
    const phases = this.#options.phases?.filter((phase) => phase.fromEpoch <= epoch) ?? [];
    for (const phase of phases) phase.change?.(graph);
    return phases.length === 0 ? graph : withState(graph, state);
  }

  /** The step for a batch size, loaded when first asked for. */
  async runner(size: number): Promise<Runner> {
    const { threads, microBatch } = this.#options;
    // Steps in micro-batches take batches of any size.
    const batch = microBatch ?? size;
    const loaded = this.#runners.get(batch);
    if (loaded) return loaded;
    const kind = microBatch === undefined ? StepRunner : MicroBatchRunner;
    const runtime = threads === undefined ? {} : { threads };
    const runner = await kind.create(this.#graph, this.stepOptions(batch), runtime);
    this.#runners.set(batch, runner);
    return runner;
  }

  /** What a step of the current phase is made of. */
  stepOptions(batch: number): TrainStepOptions {
    const { loss, optimizer, parameters, frozen, clipNorm } = this.#options;
    const { batchNormalization, integerForward } = this.#phase ?? {};
    return {
      loss,
      optimizer,
      batch,
      ...(parameters ? { parameters } : {}),
      ...(frozen ? { frozen } : {}),
      ...(clipNorm === undefined ? {} : { clipNorm }),
      ...(batchNormalization ? { batchNormalization } : {}),
      ...(integerForward ? { integerForward } : {}),
    };
  }

  /** The graph of the current phase, with the values it began with. */
  get graph(): Graph {
    return this.#graph;
  }

  /** The running state; the steps of one phase share it, whatever their batch size. */
  stateFor(runner: Runner): TrainState {
    this.#state ??= { slots: runner.slots, tensors: runner.initialState(this.#named) };
    return this.#state.tensors;
  }

  /** Goes on from a state saved before; only before the first step. */
  restore(state: NamedState): void {
    this.#named = state;
    this.#graph = withState(this.#original, state);
  }

  /** All state by name: the model's, frozen or not, and the optimizer's. */
  async state(): Promise<NamedState> {
    if (!this.#state) return this.#named;
    await settle(this.#state.tensors);
    return new Map([...this.#named, ...unpackState(this.#state.slots, this.#state.tensors)]);
  }

  /** Whether a sample of the running state is numbers only; it is cheap enough to be looked at after every run. */
  async seemsFinite(): Promise<boolean> {
    if (!this.#state) return true;
    const samples = await sampled(this.#state.tensors, sampledElements);
    return this.#state.slots.every((slot) => {
      return isFinite(samples.get(slot.name)!, sampledElements) || !isFinite(slot.initial);
    });
  }

  /** The state that is evaluated and kept: the model's part, parameters being averages where the optimizer keeps these. */
  kept(state: NamedState): NamedState {
    const averages = averagedState(this.#options.optimizer, state);
    return new Map([...averages].filter(([name]) => this.#graph.value(name) !== null));
  }

  /** The graph of the current phase with the values of a state. */
  withState(state: NamedState): Graph {
    return withState(this.#graph, state);
  }

  async release(): Promise<void> {
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    await Promise.all(runners.map((runner) => runner.release()));
  }
}
