import { graphDigest, type Graph } from "@lowbit/ir";
import {
  checkCheckpoint,
  holdsCheckpoint,
  loadCheckpoint,
  prepareFolder,
  saveCheckpoint,
  type Checkpoint,
} from "../checkpoint/checkpoint.ts";
import { checkpointInTheWay, nothingToResume } from "../checkpoint/diagnostics.ts";
import type { Training } from "../checkpoint/manifest.ts";
import type { NamedState } from "../engine/state.ts";
import type { CheckpointOptions, FitOptions } from "./fit-options.ts";
import { constantSchedule } from "./schedule.ts";

/** How a run begins that goes on from nothing. */
const start = { position: { epoch: 0, batches: 0, steps: 0, lossSum: 0, seconds: 0 }, best: null } as const;

/**
 * As `checkFolder`, and whether what is to be resumed is a run of this version of lowbit with these settings. What comes to
 * be known later (the ranges of a prepared graph, phases, validation) is looked at when the run begins.
 *
 * @throws CompileError as `checkFolder`, `train/other-training`, `train/other-version`, `data/bad-file`
 */
export function checkCheckpointOf(options: Omit<FitOptions, "validate" | "phases">): void {
  if (!options.checkpoint) return;
  checkFolder(options.checkpoint);
  const { phases: _phases, validation: _validation, ...known } = settings(options);
  if (options.checkpoint.resume) checkCheckpoint(options.checkpoint.folder, known);
}

/**
 * Looks at the folder of a run before there is anything to lose: whether it can be written, and whether it holds what is to
 * be resumed, or what would be written over.
 *
 * @throws CompileError `train/nothing-to-resume`, `train/checkpoint-exists`, `train/checkpoint`
 */
function checkFolder({ folder, resume = false }: CheckpointOptions): void {
  if (resume && !holdsCheckpoint(folder)) throw nothingToResume(folder);
  prepareFolder(folder);
  if (!resume && holdsCheckpoint(folder)) throw checkpointInTheWay(folder);
}

/** Saves a run as its options ask for; does nothing where they name no folder. */
export class Saver {
  readonly #options: FitOptions["checkpoint"] | null;
  readonly #training: Training;
  #last = performance.now();
  #savedSteps: number | null = null;

  constructor(graph: Graph, options: FitOptions) {
    this.#options = options.checkpoint ?? null;
    this.#training = this.#options
      ? { model: graphDigest(graph), settings: settings(options) }
      : { model: "", settings: {} };
  }

  /**
   * Where to begin; a saved state goes to `restore`. A run that is not resumed writes over no checkpoint.
   *
   * @throws CompileError `train/nothing-to-resume`, `train/checkpoint-exists`, and as `checkFolder` and `loadCheckpoint`
   */
  load(restore: (state: NamedState) => void): Omit<Checkpoint, "state"> {
    if (!this.#options) return start;
    const { folder, resume } = this.#options;
    checkFolder(this.#options);
    if (!resume) return start;
    const saved = loadCheckpoint(folder, this.#training);
    if (!saved) throw nothingToResume(folder);
    this.#savedSteps = saved.position.steps;
    restore(saved.state);
    return saved;
  }

  /** Whether the run is saved at all. */
  get isOn(): boolean {
    return this.#options !== null;
  }

  /** How many steps the last checkpoint has; null where there is none. */
  get savedSteps(): number | null {
    return this.#savedSteps;
  }

  /** Whether the last checkpoint is too long ago. */
  due(): boolean {
    const { everySeconds = 30 } = this.#options ?? {};
    return this.#options !== null && performance.now() - this.#last >= everySeconds * 1000;
  }

  /** @throws CompileError `train/checkpoint` */
  save(checkpoint: Checkpoint): void {
    if (!this.#options) return;
    saveCheckpoint(this.#options.folder, this.#training, checkpoint);
    this.#savedSteps = checkpoint.position.steps;
    this.#last = performance.now();
  }
}

/** What decides the weights besides the model and the data. */
function settings(options: FitOptions): Training["settings"] & Record<"phases" | "validation", unknown> {
  const { loss, optimizer, learningRate = 1e-3, schedule = constantSchedule } = options;
  return {
    loss: loss.name,
    optimizer: [optimizer.name, optimizer.hyperAt(1, 1), optimizer.hyperAt(10, 1)],
    "learning rate": [0, 0.25, 0.5, 0.75].map((progress) => learningRate * schedule(progress)),
    epochs: options.epochs ?? 1,
    batch: options.batch ?? 32,
    "micro-batch": options.microBatch ?? null,
    seed: options.seed ?? 0,
    parameters: options.parameters ?? null,
    frozen: options.frozen ?? null,
    "gradient norm": options.clipNorm ?? null,
    phases:
      options.phases?.map((phase) => [
        phase.name,
        phase.fromEpoch,
        phase.batchNormalization ?? null,
        phase.integerForward !== undefined,
      ]) ?? [],
    samples: [options.data.size, options.samples ?? null],
    augmentation: options.augment?.map(({ name }) => name) ?? [],
    validation: options.validate
      ? [options.better ?? "higher", options.keep ?? "last", options.patience ?? null]
      : null,
  };
}
