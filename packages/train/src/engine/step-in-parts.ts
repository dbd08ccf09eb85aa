import { invariant, Tensor, type Graph, type Model } from "@lowbit/ir";
import { channelBlock, ThreadSession, type Session, type SessionOptions } from "@lowbit/runtime";
import type { Batch } from "../data/dataset.ts";
import type { StateSlot } from "../step/assign.ts";
import { scanSteps } from "../step/scan-steps.ts";
import {
  gradientStep,
  updateStep,
  type DividedTensor,
  type GradientStep,
  type UpdateStep,
} from "../step/step-parts.ts";
import type { TrainStepOptions } from "../step/train-step.ts";
import { runInChunks } from "../chunks/run-in-chunks.ts";
import { batchFeeds } from "./batch-feeds.ts";
import { runGiving } from "./run-giving.ts";
import { sessionOptions } from "./session-options.ts";
import { packState, type NamedState, type TrainState } from "./state.ts";

/**
 * Gradients of some samples added up: two of the same model can be added, whatever process they come from.
 */
export interface GradientSums {
  /**
   * Per tensor that training moves, the gradient of each batch's mean loss times the batch's weight: its size, or what the
   * loss divides by (`Loss.weightOf`).
   */
  readonly sums: ReadonlyMap<string, Tensor>;
  readonly samples: number;
  /** What the sums are to be divided by: how much the batches weigh together. */
  readonly weight: number;
  /** The losses of the batches, each times the batch's weight. */
  readonly loss: number;
}

/** The gradients of the samples of all together. */
export function addGradients(all: readonly GradientSums[]): GradientSums {
  const [first, ...others] = all;
  invariant(first, "addGradients of nothing");
  const sums = new Map(
    [...first.sums].map(([name, tensor]) => {
      const sum = tensor.floats().slice();
      for (const other of others) {
        const addend = other.sums.get(name);
        invariant(addend?.size === sum.length, `addGradients: "${name}" is not in all gradients alike`);
        addend.floats().forEach((value, index) => (sum[index]! += value));
      }
      return [name, Tensor.fromTyped("float", tensor.dims, sum)] as const;
    }),
  );
  const total = (of: (each: GradientSums) => number): number => all.reduce((sum, each) => sum + of(each), 0);
  return {
    sums,
    samples: total((each) => each.samples),
    weight: total((each) => each.weight),
    loss: total((each) => each.loss),
  };
}

interface LoadedGradients extends GradientStep {
  readonly model: Model;
  readonly session: Session | ThreadSession;
}

/**
 * A training step in two parts: gradients, of any number of batches of any sizes, and the update of the parameters by
 * them. Between the two, gradients can be combined with those of other processes.
 */
export class StepInParts {
  /** All that is carried from step to step, gradients apart. */
  readonly slots: readonly StateSlot[];
  readonly #graph: Graph;
  readonly #options: TrainStepOptions;
  readonly #runtime: SessionOptions;
  readonly #tensors: readonly DividedTensor[];
  readonly #update: UpdateStep;
  readonly #updating: Session | ThreadSession;
  readonly #loaded = new Map<number, LoadedGradients>();

  private constructor(
    graph: Graph,
    options: TrainStepOptions,
    runtime: SessionOptions,
    first: LoadedGradients,
    update: UpdateStep,
    updating: Session | ThreadSession,
  ) {
    this.#graph = graph;
    this.#options = options;
    this.#runtime = runtime;
    this.#tensors = first.tensors;
    this.#update = update;
    this.#updating = updating;
    this.#loaded.set(options.batch, first);
    const sums = new Set(first.tensors.map(({ sum }) => sum));
    this.slots = [...first.step.state.filter(({ name }) => !sums.has(name)), ...update.state];
  }

  /** Builds both parts for a model and loads them. @throws CompileError as `trainStep` */
  static async create(graph: Graph, options: TrainStepOptions, runtime: SessionOptions = {}): Promise<StepInParts> {
    const first = await load(graph, options, runtime);
    const update = updateStep(first.tensors, options);
    const updating = await ThreadSession.create(update.model, sessionOptions(update.model.graph, runtime));
    return new StepInParts(graph, options, runtime, first, update, updating);
  }

  /** The state training starts from, or goes on from where `named` holds values. */
  initialState(named: NamedState = new Map()): TrainState {
    return packState(this.slots, named);
  }

  /**
   * The gradients of some batches at the parameters that `state` holds, added to those of `before`. Parameters stay; the
   * state of BatchNormalization and of observers moves with every batch. Batches without weight are left out.
   */
  async gradients(state: TrainState, batches: readonly Batch[], before?: GradientSums): Promise<GradientSums> {
    let [sums, samples, loss] = [before?.sums ?? this.#zeroSums(), before?.samples ?? 0, before?.loss ?? 0];
    let weight = before?.weight ?? 0;
    let isOwn = before === undefined;
    for (const group of ofEqualSize(batches.filter((batch) => this.#weightOf(batch) !== 0))) {
      const { size } = group[0]!;
      const weights = group.map((batch) => this.#weightOf(batch));
      const { step, session, model } = await this.#loadedFor(size);
      const feeds: Record<string, Tensor> = {
        [`${step.hyper}.steps`]: Tensor.of("float", weights, [group.length, 1]),
        ...batchFeeds(step, group, this.#options.loss),
      };
      for (const name of step.fixed ?? []) feeds[`${name}.in`] = state.get(name)!;
      for (const { name } of step.state) feeds[`${name}.in`] = sums.get(name) ?? state.get(name)!;
      const given = new Set(isOwn ? [...sums.keys()].map((name) => `${name}.in`) : []);
      const results = await runGiving(session, feeds, given);
      isOwn = true;
      const outputs = model.graph.outputs.map((value) => results[value.name]!);
      const isSum = new Set(this.#tensors.map((tensor) => tensor.sum));
      const moved = step.state.map((slot, index) => [slot.name, outputs[index]!] as const);
      for (const [name, tensor] of moved) if (!isSum.has(name)) state.set(name, tensor);
      sums = new Map(moved.filter(([name]) => isSum.has(name)));
      samples += size * group.length;
      weight += weights.reduce((sum, each) => sum + each, 0);
      loss += outputs
        .at(-1)!
        .floats()
        .reduce((sum, each, index) => sum + weights[index]! * each, 0);
    }
    return { sums, samples, weight, loss };
  }

  /** Moves the parameters by the mean gradient of all batches. @param step number of the step, from 1 */
  async update(state: TrainState, gradients: GradientSums, step: number, learningRate: number): Promise<void> {
    const { optimizer } = this.#options;
    const { model, divisor, hyper, state: slots } = this.#update;
    const feeds: Record<string, Tensor> = {
      ...Object.fromEntries(gradients.sums),
      [divisor]: Tensor.of("float", [gradients.weight]),
      [hyper]: Tensor.of("float", optimizer.hyperAt(step, learningRate)),
    };
    for (const { name } of slots) feeds[name] = state.get(name)!;
    const results = await this.#updating.run(feeds);
    slots.forEach(({ name }, index) => state.set(name, results[model.graph.outputs[index]!.name]!));
  }

  /** Frees ONNX Runtime's memory. */
  async release(): Promise<void> {
    const sessions = [this.#updating, ...[...this.#loaded.values()].map(({ session }) => session)];
    await Promise.all(sessions.map((session) => session.release()));
  }

  async #loadedFor(size: number): Promise<LoadedGradients> {
    const loaded =
      this.#loaded.get(size) ?? (await load(this.#graph, { ...this.#options, batch: size }, this.#runtime));
    this.#loaded.set(size, loaded);
    return loaded;
  }

  #weightOf({ target, size }: Batch): number {
    return (target && this.#options.loss.weightOf?.(target)) ?? size;
  }

  #zeroSums(): ReadonlyMap<string, Tensor> {
    return new Map(
      this.#tensors.map(({ sum, initial }) => [
        sum,
        Tensor.fromTyped("float", initial.dims, new Float32Array(initial.size)),
      ]),
    );
  }
}

async function load(graph: Graph, options: TrainStepOptions, runtime: SessionOptions): Promise<LoadedGradients> {
  const made = gradientStep(graph, { block: await channelBlock(), ...options });
  const settings = sessionOptions(made.step.graph, runtime);
  runInChunks(made.step, options.batch);
  const model = scanSteps(made.step);
  return { ...made, model, session: await ThreadSession.create(model, settings) };
}

/** Batches in their order, in groups of one size. */
function ofEqualSize(batches: readonly Batch[]): readonly (readonly Batch[])[] {
  const groups: Batch[][] = [];
  for (const batch of batches) {
    const last = groups.at(-1);
    if (last && last[0]!.size === batch.size) last.push(batch);
    else groups.push([batch]);
  }
  return groups;
}
