import { Option, type Command } from "commander";
import type { Backend } from "@lowbit/backend-kit";
import { loadModel, type Model } from "@lowbit/ir";
import {
  constantSchedule,
  cosineSchedule,
  evaluate,
  stepSchedule,
  type Dataset,
  type FitEvent,
  type Loss,
} from "@lowbit/train";
import { loadBackend } from "../../backends/load-backend.ts";
import { trainQuantized } from "../../quantization-aware-training.ts";
import { trainModel, type TrainingOptions } from "../../training.ts";
import { addNormalization, dataForms, openData, type NormalizationOptions } from "../data-options.ts";
import { integerResultText, writeAndTell, type NewModel } from "../integer-result.ts";
import type { Interruptions } from "../interruption.ts";
import { finish, type Job } from "../job.ts";
import { addLoss, lossFrom, lossMisuse, metricFor, targetsOf, type LossOptions } from "../loss-options.ts";
import { addOptimizer, optimizerFrom, optimizerMisuse, type OptimizerOptions } from "../optimizer-options.ts";
import { checkWritable, modelFileBytes } from "../output-file.ts";
import { positiveInteger, positiveNumber, wholeNumber } from "../parse-values.ts";
import { TrainingLog } from "../training-log.ts";

interface TrainCommandOptions extends NormalizationOptions, LossOptions, OptimizerOptions {
  readonly output: string;
  readonly backend?: string;
  readonly float?: boolean;
  readonly data: string;
  readonly validate?: string;
  readonly train?: string;
  readonly epochs: number;
  readonly batch: number;
  readonly lr?: number;
  readonly schedule: keyof typeof schedules;
  readonly freezeObservers?: number;
  readonly freezeBatchNorm?: number;
  readonly learnScales?: boolean;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly seed: number;
}

const schedules = { constant: constantSchedule, cosine: cosineSchedule, step: stepSchedule } as const;

/** `lowbit train`: quantization-aware training, or plain training. */
export function addTrain(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("train")
    .description("quantization-aware training (or --float: plain training)")
    .argument("<MODEL>", "float ONNX file")
    .option("-o, --output <OUT>", "where to write the trained model")
    .option("--backend <B>", "train for integers: x86, arm, a module or an npm package")
    .option("--float", "train and write a float model")
    .option("--data <DATA>", dataForms)
    .option("--validate <DATA>", "measure the model on this after every epoch")
    .option("--train <GLOBS>", "train these initializers only: names, * for any text, separated by commas")
    .option("--epochs <N>", "passes over the data", positiveInteger, 1)
    .option("--batch <N>", "samples per step", positiveInteger, 32)
    .option(
      "--lr <X>",
      "learning rate (default: 1e-3, sgd and adagrad 1e-2; a tenth of it with --backend)",
      positiveNumber,
    )
    .addOption(
      new Option("--schedule <name>", "learning rate over the run").choices(Object.keys(schedules)).default("constant"),
    )
    .option("--freeze-observers <EPOCH>", "keep the ranges of activations after this many epochs", wholeNumber)
    .option(
      "--freeze-batch-norm <EPOCH>",
      "keep the statistics of BatchNormalization after this many epochs",
      wholeNumber,
    )
    .option("--learn-scales", "train the scales too, instead of following ranges (LSQ)")
    .option("--checkpoint <DIR>", "save the state here now and then, and when interrupted")
    .option("--resume", "go on from the state in --checkpoint")
    .option("--seed <N>", "orders the samples; the same seed gives the same weights", wholeNumber, 0);
  finish<TrainCommandOptions>(
    addNormalization(addOptimizer(addLoss(command))),
    interruptions,
    ["output", "data"],
    async (job) => {
      checkUsage(job);
      const { terminal, options } = job;
      const [path] = job.args as readonly [string];
      const { output, threads } = options;
      const backend = options.backend ? await loadBackend(options.backend, { known: job.config.backends ?? [] }) : null;
      checkWritable(output);
      const model = loadModel(path, { report: (finding) => terminal.report(finding) });
      const loss = await lossFrom(model, options);
      const data = await openData(options.data, model, options, targetsOf(loss));
      const metric = metricFor(options) ?? "mse";
      const measured = metric === "mse" ? "value" : "class";
      const validation = options.validate ? await openData(options.validate, model, options, measured) : null;
      const log = new TrainingLog(terminal, options.epochs, validation ? metric : null);
      const made = await interruptions.guard((signal) =>
        trained(
          model,
          backend,
          {
            ...settings(data, loss, options),
            ...(validation ? { validate: (current: Model) => validated(current, validation, metric, threads) } : {}),
            ...(threads === undefined ? {} : { threads }),
            signal,
            onEvent: (event: FitEvent) => log.event(event),
          },
          options,
        ),
      );
      for (const finding of made.diagnostics) terminal.report(finding);
      const result = await writeAndTell({ ...made, otherBytes: modelFileBytes(path, model) }, output, data, threads);
      terminal.result({ ...result, ...log.summary() }, () => integerResultText(result));
    },
  );
}

function checkUsage({ options, misuse }: Job<TrainCommandOptions>): void {
  if (!options.backend === !options.float) misuse("give either --backend B for integers or --float");
  if (options.resume && options.checkpoint === undefined) misuse("--resume needs --checkpoint DIR");
  const wrong = lossMisuse(options) ?? optimizerMisuse(options);
  if (wrong !== null) misuse(wrong);
  if (options.validate && metricFor(options) === null)
    misuse("--validate measures accuracy or mse, which do not fit this loss");
  if (options.float && options.learnScales) misuse("--learn-scales needs --backend");
  if (options.float && options.freezeObservers !== undefined) misuse("--freeze-observers needs --backend");
}

function settings(data: Dataset, loss: Loss, options: TrainCommandOptions): TrainingOptions {
  const { epochs, batch, seed, checkpoint, freezeBatchNorm } = options;
  const usualRate = ["sgd", "adagrad"].includes(options.optimizer) ? 1e-2 : 1e-3;
  return {
    data,
    loss,
    optimizer: optimizerFrom(options),
    epochs,
    batch,
    seed,
    learningRate: options.lr ?? (options.float ? usualRate : usualRate / 10),
    schedule: schedules[options.schedule],
    ...(options.train === undefined ? {} : { parameters: options.train.split(",").map((glob) => glob.trim()) }),
    ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
    ...(options.microBatch === undefined ? {} : { microBatch: options.microBatch }),
    ...(checkpoint === undefined ? {} : { checkpoint: { folder: checkpoint, resume: options.resume ?? false } }),
    ...(freezeBatchNorm === undefined ? {} : { freezeBatchNormalization: freezeBatchNorm }),
  };
}

async function trained(
  model: Model,
  backend: Backend | null,
  training: TrainingOptions,
  { freezeObservers, learnScales }: TrainCommandOptions,
): Promise<Omit<NewModel, "otherBytes">> {
  if (!backend) return { model: await trainModel(model, training), backend: null, skipped: [], diagnostics: [] };
  const result = await trainQuantized(model, {
    ...training,
    backend,
    ...(freezeObservers === undefined ? {} : { freezeObservers }),
    ...(learnScales ? { learnScales } : {}),
  });
  return { ...result, backend: backend.name };
}

async function validated(
  model: Model,
  data: Dataset,
  metric: "accuracy" | "mse",
  threads: number | undefined,
): Promise<number> {
  return (await evaluate(model, data, { metric, ...(threads === undefined ? {} : { threads }) })).value;
}
