import type { Graph } from "@lowbit/ir";
import { loadCheckpoint, saveCheckpoint, trainingDigest, type Position } from "../checkpoint/checkpoint.ts";
import type { NamedState } from "../engine/state.ts";
import type { FitOptions } from "./fit-options.ts";
import { constantSchedule } from "./schedule.ts";

const start: Position = { epoch: 0, batches: 0, steps: 0, lossSum: 0 };

/** Saves a run as its options ask for; does nothing where they name no folder. */
export class Saver {
  readonly #options: FitOptions["checkpoint"] | null;
  readonly #training: string;
  #last = performance.now();

  constructor(graph: Graph, options: FitOptions) {
    this.#options = options.checkpoint ?? null;
    this.#training = this.#options ? trainingDigest(graph, settings(options)) : "";
  }

  /** Where to begin; a saved state goes to `restore`. @throws CompileError as `loadCheckpoint` */
  load(restore: (state: NamedState) => void): Position {
    if (!this.#options?.resume) return start;
    const saved = loadCheckpoint(this.#options.folder, this.#training);
    if (!saved) return start;
    restore(saved.state);
    return saved.position;
  }

  /** Whether the last checkpoint is too long ago. */
  due(): boolean {
    const { everySeconds = 30 } = this.#options ?? {};
    return this.#options !== null && performance.now() - this.#last > everySeconds * 1000;
  }

  /** Returns whether there was anything to do. @throws CompileError `train/checkpoint` */
  save(position: Position, state: NamedState): boolean {
    if (!this.#options) return false;
    saveCheckpoint(this.#options.folder, this.#training, position, state);
    this.#last = performance.now();
    return true;
  }
}

/** What decides the weights besides the model and the data. */
function settings(options: FitOptions): Readonly<Record<string, unknown>> {
  const { loss, optimizer, learningRate = 1e-3, schedule = constantSchedule } = options;
  return {
    loss: loss.name,
    optimizer: [optimizer.name, optimizer.hyperAt(1, 1), optimizer.hyperAt(10, 1)],
    schedule: [0, 0.25, 0.5, 0.75].map((progress) => learningRate * schedule(progress)),
    epochs: options.epochs ?? 1,
    batch: [options.batch ?? 32, options.microBatch ?? null],
    seed: options.seed ?? 0,
    parameters: options.parameters ?? null,
    clipNorm: options.clipNorm ?? null,
    phases: options.phases?.map((phase) => [phase.name, phase.fromEpoch, phase.batchNormalization ?? null]) ?? [],
    samples: [options.data.size, options.samples ?? null],
  };
}
