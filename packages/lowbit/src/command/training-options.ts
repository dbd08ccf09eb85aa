import { Option, type Command } from "commander";
import { constantSchedule, cosineSchedule, stepSchedule, warmUp, type Dataset, type Schedule } from "@lowbit/train";
import type { TrainingOptions } from "../training.ts";
import { augmentationList, blackAfter, type NamedAugmentation } from "./augment-option.ts";
import type { NormalizationOptions } from "./data-options.ts";
import type { OptimizerOptions } from "./optimizer-options.ts";
import { milestoneList, positiveInteger, positiveNumber, share, wholeNumber } from "./parse-values.ts";

/** How `lowbit train` goes about it, apart from the loss and what is quantized. */
export interface LoopOptions extends NormalizationOptions {
  readonly float?: boolean;
  readonly train?: string;
  readonly freeze?: string;
  readonly epochs: number;
  readonly samples?: number;
  readonly batch: number;
  readonly augment?: readonly NamedAugmentation[];
  readonly lr?: number;
  readonly schedule: "constant" | "cosine" | "step";
  readonly milestones?: readonly number[];
  readonly gamma?: number;
  readonly warmUp?: number;
  readonly keep: "best" | "last";
  readonly patience?: number;
  readonly freezeBatchNorm?: number;
  readonly reestimateBatchNorm?: number;
  readonly checkpoint?: string;
  readonly checkpointEvery?: number;
  readonly resume?: boolean;
  readonly seed: number;
}

/** Adds the options of the training loop. */
export function addLoop(command: Command): Command {
  return command
    .option(
      "--train <GLOBS>",
      'train these parameters only, separated by commas: the name of an initializer, or of a node that reads it ("/layer4/*", also as "layer4.*"), or role:weight, role:bias, role:normalization, role:scale; * for any text',
    )
    .option("--freeze <GLOBS>", "leave these parameters as they are: globs as for --train")
    .option("--epochs <N>", "passes over the data", positiveInteger, 1)
    .option("--samples <N>", "samples per epoch, drawn anew for each one (default: all)", positiveInteger)
    .option("--batch <N>", "samples per step", positiveInteger, 32)
    .option(
      "--augment <list>",
      "change images at random: flip (left to right), crop:4 (out of 4 black pixels more on each side), or both",
      augmentationList,
    )
    .option(
      "--lr <X>",
      "learning rate (default: 1e-3, sgd and adagrad 1e-2; a tenth of it with --backend)",
      positiveNumber,
    )
    .addOption(
      new Option("--schedule <name>", "learning rate over the run: constant, cosine to 0, step: falls at milestones")
        .choices(["constant", "cosine", "step"])
        .default("constant"),
    )
    .option("--milestones <EPOCHS>", "after how many epochs --schedule step falls (default: each third)", milestoneList)
    .option("--gamma <X>", "what --schedule step multiplies the rate by (default: 0.1)", positiveNumber)
    .option("--warm-up <SHARE>", "let the learning rate rise from 0 over this share of the run, 0 to 1", share)
    .addOption(
      new Option("--keep <which>", "write the model of the best epoch on --validate, or of the last")
        .choices(["best", "last"])
        .default("last"),
    )
    .option("--patience <N>", "end after N epochs in a row that are no better on --validate", positiveInteger)
    .option(
      "--freeze-batch-norm <EPOCH>",
      "keep the statistics of BatchNormalization after this many epochs",
      wholeNumber,
    )
    .option(
      "--reestimate-batch-norm <BATCHES>",
      "after training, estimate the statistics of BatchNormalization anew on this many batches",
      positiveInteger,
    )
    .option(
      "--checkpoint <DIR>",
      "save the state here now and then, and when interrupted; a run saved there before is not written over",
    )
    .option("--checkpoint-every <SECONDS>", "longest time between two saves (default: 30)", positiveNumber)
    .option(
      "--resume",
      "go on with the run saved in --checkpoint: the same command, with this flag (an error where none was saved)",
    )
    .option("--seed <N>", "orders and augments the samples; the same seed gives the same weights", wholeNumber, 0);
}

/** What is wrong about the options of the loop, or null. */
export function loopMisuse(options: LoopOptions & { readonly validate?: string }): string | null {
  if (options.resume && options.checkpoint === undefined) return "--resume needs --checkpoint DIR";
  if (options.checkpointEvery !== undefined && options.checkpoint === undefined) {
    return "--checkpoint-every needs --checkpoint DIR";
  }
  if (options.validate === undefined && options.keep === "best") return "--keep best needs --validate DATA";
  if (options.validate === undefined && options.patience !== undefined) return "--patience needs --validate DATA";
  if (options.warmUp === 1) return "--warm-up must be below 1";
  return scheduleMisuse(options);
}

function scheduleMisuse({ schedule, milestones, gamma, epochs, warmUp: rise = 0 }: LoopOptions): string | null {
  if (schedule !== "step" && milestones) return "--milestones needs --schedule step";
  if (schedule !== "step" && gamma !== undefined) return "--gamma needs --schedule step";
  if (milestones?.some((epoch) => epoch >= epochs)) return `--milestones must be below --epochs, ${epochs}`;
  if (milestones?.some((epoch) => epoch < rise * epochs)) return "--milestones must not fall into --warm-up";
  return null;
}

/** The settings that options ask for, besides the loss and the optimizer. */
export function loopSettings(
  data: Dataset,
  options: LoopOptions & Pick<OptimizerOptions, "optimizer">,
): Omit<TrainingOptions, "loss" | "optimizer"> {
  const { epochs, batch, seed, checkpoint, checkpointEvery, freezeBatchNorm, keep, patience } = options;
  const { reestimateBatchNorm } = options;
  const usualRate = ["sgd", "adagrad"].includes(options.optimizer) ? 1e-2 : 1e-3;
  const fill = blackAfter(options);
  return {
    data,
    epochs,
    batch,
    seed,
    learningRate: options.lr ?? (options.float ? usualRate : usualRate / 10),
    schedule: scheduleOf(options),
    keep,
    ...(options.samples === undefined ? {} : { samples: options.samples }),
    ...(patience === undefined ? {} : { patience }),
    ...(options.augment ? { augment: options.augment.map((named) => named(fill)) } : {}),
    ...(options.train === undefined ? {} : { parameters: names(options.train) }),
    ...(options.freeze === undefined ? {} : { frozen: names(options.freeze) }),
    ...(checkpoint === undefined
      ? {}
      : {
          checkpoint: {
            folder: checkpoint,
            resume: options.resume ?? false,
            ...(checkpointEvery === undefined ? {} : { everySeconds: checkpointEvery }),
          },
        }),
    ...(freezeBatchNorm === undefined ? {} : { freezeBatchNormalization: freezeBatchNorm }),
    ...(reestimateBatchNorm === undefined ? {} : { reestimateBatchNormalization: reestimateBatchNorm }),
  };
}

function scheduleOf(options: LoopOptions): Schedule {
  const { warmUp: rise = 0 } = options;
  const schedule = scheduleAfter(rise, options);
  return rise > 0 ? warmUp(rise, schedule) : schedule;
}

/** The schedule behind a rise that takes a share of the run; milestones count from the beginning of the run. */
function scheduleAfter(rise: number, { schedule, milestones, gamma, epochs }: LoopOptions): Schedule {
  if (schedule === "constant") return constantSchedule;
  if (schedule === "cosine") return cosineSchedule;
  return stepSchedule({
    ...(milestones ? { milestones: milestones.map((epoch) => (epoch / epochs - rise) / (1 - rise)) } : {}),
    ...(gamma === undefined ? {} : { gamma }),
  });
}

function names(globs: string): readonly string[] {
  return globs.split(",").map((glob) => glob.trim());
}
