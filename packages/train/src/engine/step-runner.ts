import { Tensor, type Graph, type Model } from "@lowbit/ir";
import { channelBlock, Session, ThreadSession, type SessionOptions } from "@lowbit/runtime";
import { scanSteps } from "../step/scan-steps.ts";
import type { StateSlot } from "../step/assign.ts";
import { runInChunks } from "../chunks/run-in-chunks.ts";
import { batchFeeds } from "./batch-feeds.ts";
import { heldTensor, settle, type StateHolder } from "./held-state.ts";
import { runGiving } from "./run-giving.ts";
import type { Runner } from "./runner.ts";
import { sessionOptions } from "./session-options.ts";
import { packState, type NamedState, type TrainState } from "./state.ts";
import { trainStep, type TrainStep, type TrainStepOptions } from "../step/train-step.ts";
import type { Batch } from "../data/dataset.ts";

/**
 * Bytes of state of which a third generation is worth saving: a run of two steps holds it only where it comes in and goes out.
 * It also stays on the thread of the session from run to run.
 */
const heavyState = 16 * 2 ** 20;

/**
 * Bytes of state from which a run takes a single step, which holds no generation of it in between: ResNet18 (90 MB) then
 * peaked at 490 MiB instead of 580 to 700.
 */
const hugeState = 64 * 2 ** 20;

/** State that a run returned: nobody else holds its memory, so it can be given to the next run. */
const carried = new WeakSet<Tensor>();

/**
 * A training step loaded into ONNX Runtime, for one batch size. Batches can be prepared while it runs. State of many megabytes
 * stays with it from run to run: `settle` brings it back, and another runner that goes on with it does so by itself.
 */
export class StepRunner implements Runner {
  /** The model that runs: a Scan over steps. */
  readonly model: Model;
  readonly mostSteps: number;
  readonly slots: readonly StateSlot[];
  readonly #names: Omit<TrainStep, "graph">;
  readonly #options: TrainStepOptions;
  readonly #session: Session | ThreadSession;
  readonly #profiled: boolean;
  readonly #isHeavy: boolean;
  /** By slot what stands for the state that stayed on the thread. */
  #held: ReadonlyMap<string, Tensor> = new Map();
  /** The state that they were put into. */
  #heldFor: TrainState | null = null;
  /** What the last run began with, unless its memory was given away. */
  #before: ReadonlyMap<string, Tensor> = new Map();

  private constructor(
    step: TrainStep,
    model: Model,
    options: TrainStepOptions,
    session: Session | ThreadSession,
    profiled: boolean,
  ) {
    this.#profiled = profiled;
    this.model = model;
    this.slots = step.state;
    const bytes = bytesOf(step);
    this.#isHeavy = bytes >= heavyState;
    this.mostSteps = bytes < heavyState ? Infinity : bytes < hugeState ? 2 : 1;
    this.#names = step;
    this.#options = options;
    this.#session = session;
  }

  /** Builds the step for a model and loads it. @throws CompileError as `trainStep` */
  static async create(graph: Graph, options: TrainStepOptions, runtime: SessionOptions = {}): Promise<StepRunner> {
    const step = trainStep(graph, { block: await channelBlock(), ...options });
    const settings = sessionOptions(step.graph, runtime);
    runInChunks(step, options.batch);
    const model = scanSteps(step);
    const sessions = runtime.profilePrefix === undefined ? ThreadSession : Session;
    const session = await sessions.create(model, settings);
    return new StepRunner(step, model, options, session, runtime.profilePrefix !== undefined);
  }

  /** The state training starts from, or goes on from where `named` holds values. */
  initialState(named: NamedState = new Map()): TrainState {
    return packState(this.slots, named);
  }

  /**
   * Runs one step per batch in a single call and moves `state` on. All batches have this runner's size.
   *
   * @param firstStep number of the first step, from 1
   * @param learningRates one per batch
   * @returns the loss of each step
   */
  async run(
    state: TrainState,
    batches: readonly Batch[],
    firstStep: number,
    learningRates: readonly number[],
  ): Promise<Float32Array> {
    const names = this.#names;
    const goesOn = this.#held.size > 0 && this.slots.every(({ name }) => this.#held.get(name) === state.get(name));
    if (!goesOn) {
      // Another state goes through here next: the thread holds one.
      if (this.#heldFor) await settle(this.#heldFor);
      await settle(state);
    }
    const numbers = batches.flatMap((_, index) =>
      this.#options.optimizer.hyperAt(firstStep + index, learningRates[index]!),
    );
    const width = this.#options.optimizer.hyper.length;
    const feeds: Record<string, Tensor> = {
      [`${names.hyper}.steps`]: Tensor.of("float", numbers, [batches.length, width]),
      ...batchFeeds(names, batches, this.#options.loss),
    };
    const given = new Set<string>();
    if (batches.length > 1) for (const name of [...names.data, names.target]) given.add(`${name}.steps`);
    for (const { name } of goesOn ? [] : this.slots) {
      const tensor = state.get(name)!;
      feeds[`${name}.in`] = tensor;
      if (carried.delete(tensor)) given.add(`${name}.in`);
    }
    const session = this.#session;
    const outputs = this.model.graph.outputs.map(({ name }) => name);
    if (this.#isHeavy && session instanceof ThreadSession) {
      const staying = new Map(this.slots.map(({ name }, index) => [outputs[index]!, `${name}.in`]));
      const results = await session.run(feeds, undefined, given, staying);
      const holder = this.#holderOn(session);
      this.#held = new Map(this.slots.map(({ name, initial }) => [name, heldTensor(name, initial, holder)]));
      for (const [name, tensor] of this.#held) state.set(name, tensor);
      this.#heldFor = state;
      return results[outputs.at(-1)!]!.floats();
    }
    if (session instanceof Session) this.#before = new Map(state);
    const results = await runGiving(session, feeds, given);
    this.slots.forEach((slot, index) => {
      const tensor = results[outputs[index]!]!;
      state.set(slot.name, tensor);
      carried.add(tensor);
    });
    return results[outputs.at(-1)!]!.floats();
  }

  #holderOn(session: ThreadSession): StateHolder {
    return {
      sample: async (atMost) => {
        const samples = await session.sampleHeld(atMost);
        return new Map(this.slots.map(({ name }) => [name, samples[`${name}.in`]!]));
      },
      giveBack: async (state) => {
        const held = this.#held;
        if (![...held].some(([name, standIn]) => state.get(name) === standIn)) return;
        this.#held = new Map();
        this.#heldFor = null;
        const tensors = await session.takeHeld();
        for (const [name, standIn] of held) {
          if (state.get(name) !== standIn) continue;
          const tensor = tensors[`${name}.in`]!;
          state.set(name, tensor);
          carried.add(tensor);
        }
      },
    };
  }

  /** The state that the last run began with. */
  async stateBefore(): Promise<TrainState> {
    const session = this.#session;
    if (session instanceof Session) return new Map(this.#before);
    const feeds = await session.lastFeeds();
    return new Map(this.slots.map(({ name }) => [name, feeds[`${name}.in`]!]));
  }

  /** Frees ONNX Runtime's memory and, when the session was created with a profile, finishes its file. */
  async release(): Promise<void> {
    if (this.#profiled && this.#session instanceof Session) this.#session.endProfiling();
    await this.#session.release();
  }
}

/** Bytes of all state. */
function bytesOf({ state }: TrainStep): number {
  return state.reduce((sum, { initial }) => sum + initial.source.byteLength, 0);
}
