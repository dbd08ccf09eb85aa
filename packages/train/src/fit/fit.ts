import type { Graph } from "@lowbit/ir";
import type { Batch } from "../data/dataset.ts";
import { notFinite } from "../diagnostics.ts";
import { unpackState, withState, type NamedState, type TrainState } from "../engine/state.ts";
import { StepRunner } from "../engine/step-runner.ts";
import type { FitEvent, FitOptions, Phase } from "./fit-options.ts";
import { constantSchedule } from "./schedule.ts";

/** How long one call into ONNX Runtime should take: long enough to carry the state cheaply, short enough to report. */
const secondsPerRun = 0.4;
/** Most bytes of batches handed over in one call. */
const bytesPerRun = 64 * 2 ** 20;

/**
 * Trains a graph and reports on the way; the last event carries the trained graph, a copy with the learned values. The
 * caller may stop iterating at any time.
 *
 * @throws CompileError `train/not-finite`, and what `trainStep` throws
 */
export async function* fit(graph: Graph, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
  const { epochs = 1, batch = 32, learningRate = 1e-3, schedule = constantSchedule, seed = 0, data } = options;
  const stepsPerEpoch = data.size === null ? null : Math.ceil(data.size / batch);
  const totalSteps = stepsPerEpoch === null ? null : stepsPerEpoch * epochs;
  const engine = new Engine(graph, options);
  let step = 0;
  let perRun = 1;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const phase = await engine.enter(epoch);
      if (phase) yield { kind: "phase", epoch, name: phase.name };
      const epochTotals = { loss: 0, steps: 0, seconds: 0 };
      const progressAt = (at: number): number => (totalSteps === null ? epoch / epochs : Math.min(1, at / totalSteps));
      for await (const group of groups(data.batches({ batch, shuffle: seed + epoch }), () => perRun)) {
        const rates = group.map((_, index) => learningRate * schedule(progressAt(step + index)));
        const runner = await engine.runner(group[0]!.size);
        const started = performance.now();
        const losses = await runner.run(engine.stateFor(runner), group, step + 1, rates);
        const seconds = (performance.now() - started) / 1000;
        losses.forEach((loss, index) => {
          if (!Number.isFinite(loss)) throw notFinite(step + index + 1, loss);
        });
        step += group.length;
        const sum = losses.reduce((a, b) => a + b, 0);
        epochTotals.loss += sum;
        epochTotals.steps += group.length;
        epochTotals.seconds += seconds;
        const stepsPerSecond = group.length / seconds;
        perRun = runLength(stepsPerSecond, group[0]!);
        yield { kind: "progress", epoch, step, steps: totalSteps, loss: sum / group.length, stepsPerSecond };
      }
      const { loss, steps, seconds } = epochTotals;
      const validation = options.validate ? await options.validate(engine.current()) : null;
      yield { kind: "epoch", epoch, loss: loss / steps, steps, seconds, validation };
    }
    yield { kind: "done", graph: engine.current() };
  } finally {
    await engine.release();
  }
}

/** Trains a graph to the end and returns the trained copy. */
export async function train(graph: Graph, options: FitOptions, onEvent?: (event: FitEvent) => void): Promise<Graph> {
  let trained = graph;
  for await (const event of fit(graph, options)) {
    onEvent?.(event);
    if (event.kind === "done") trained = event.graph;
  }
  return trained;
}

function runLength(stepsPerSecond: number, batch: Batch): number {
  const bytes = Object.values(batch.inputs).reduce((sum, tensor) => sum + tensor.source.byteLength, 0);
  const affordable = Math.floor(bytesPerRun / Math.max(1, bytes));
  return Math.max(1, Math.min(Math.round(stepsPerSecond * secondsPerRun), affordable));
}

/** Consecutive batches of one size, at most as many as `limit` says when a group begins. */
async function* groups(batches: AsyncIterable<Batch>, limit: () => number): AsyncGenerator<readonly Batch[]> {
  let group: Batch[] = [];
  let room = limit();
  for await (const batch of batches) {
    if (group.length > 0 && (group.length >= room || batch.size !== group[0]!.size)) {
      yield group;
      group = [];
      room = limit();
    }
    group.push(batch);
  }
  if (group.length > 0) yield group;
}

/** The state of a training run, and the loaded steps of its current phase by batch size. */
class Engine {
  #graph: Graph;
  readonly #options: FitOptions;
  #phase: Phase | null = null;
  readonly #runners = new Map<number, StepRunner>();
  /** The state as the current phase's steps carry it; null before its first step. */
  #state: { readonly slots: StepRunner["slots"]; readonly tensors: TrainState } | null = null;
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
    this.#named = this.#currentState();
    this.#state = null;
    this.#graph = withState(this.#graph, this.#named);
    phase.change?.(this.#graph);
    this.#phase = phase;
    await this.release();
    return phase;
  }

  /** The step for a batch size, loaded when first asked for. */
  async runner(batch: number): Promise<StepRunner> {
    const loaded = this.#runners.get(batch);
    if (loaded) return loaded;
    const { loss, optimizer, parameters, clipNorm, threads } = this.#options;
    const batchNormalization = this.#phase?.batchNormalization;
    const runner = await StepRunner.create(
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
  stateFor(runner: StepRunner): TrainState {
    this.#state ??= { slots: runner.slots, tensors: runner.initialState(this.#named) };
    return this.#state.tensors;
  }

  /** The graph with the current values of its state. */
  current(): Graph {
    return withState(this.#graph, this.#currentState());
  }

  #currentState(): NamedState {
    if (!this.#state) return this.#named;
    return new Map([...this.#named, ...unpackState(this.#state.slots, this.#state.tensors)]);
  }

  async release(): Promise<void> {
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    await Promise.all(runners.map((runner) => runner.release()));
  }
}
