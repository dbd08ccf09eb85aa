import { Option, type Command } from "commander";
import type { Backend } from "@lowbit/backend-kit";
import { cloneModel, loadModel, type Model } from "@lowbit/ir";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import {
  adam,
  adamw,
  constantSchedule,
  cosineSchedule,
  crossEntropy,
  distillation,
  evaluate,
  meanSquaredError,
  sgd,
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
import { checkWritable, modelFileBytes } from "../output-file.ts";
import { positiveInteger, positiveNumber, wholeNumber } from "../parse-values.ts";
import { TrainingLog } from "../training-log.ts";

interface TrainCommandOptions extends NormalizationOptions {
  readonly output: string;
  readonly backend?: string;
  readonly float?: boolean;
  readonly data: string;
  readonly validate?: string;
  readonly loss: "cross-entropy" | "mse" | "distill";
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: keyof typeof optimizers;
  readonly lr?: number;
  readonly schedule: keyof typeof schedules;
  readonly freezeObservers?: number;
  readonly freezeBatchNorm?: number;
  readonly learnScales?: boolean;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly seed: number;
}

const optimizers = { adam, adamw, sgd: () => sgd({ momentum: 0.9 }) } as const;

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
    .addOption(
      new Option("--loss <name>", "what to minimize")
        .choices(["cross-entropy", "mse", "distill"])
        .default("cross-entropy"),
    )
    .option("--epochs <N>", "passes over the data", positiveInteger, 1)
    .option("--batch <N>", "samples per step", positiveInteger, 32)
    .addOption(new Option("--optimizer <name>", "how weights move").choices(Object.keys(optimizers)).default("adam"))
    .option("--lr <X>", "learning rate (default: 1e-3, sgd 1e-2; a tenth of it with --backend)", positiveNumber)
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
  finish<TrainCommandOptions>(addNormalization(command), interruptions, ["output", "data"], async (job) => {
    checkUsage(job);
    const { terminal, options } = job;
    const [path] = job.args as readonly [string];
    const { output, loss: lossName, threads } = options;
    const backend = options.backend ? await loadBackend(options.backend, { known: job.config.backends ?? [] }) : null;
    checkWritable(output);
    const model = loadModel(path, { report: (finding) => terminal.report(finding) });
    const targets = lossName === "mse" ? "value" : "class";
    const data = await openData(options.data, model, options, lossName === "distill" ? undefined : targets);
    const validation = options.validate ? await openData(options.validate, model, options, targets) : null;
    const log = new TrainingLog(
      terminal,
      options.epochs,
      validation ? (lossName === "mse" ? "mse" : "accuracy") : null,
    );
    const made = await interruptions.guard((signal) =>
      trained(
        model,
        backend,
        {
          ...settings(model, data, options),
          ...(validation ? { validate: (current: Model) => validated(current, validation, options) } : {}),
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
  });
}

function checkUsage({ options, misuse }: Job<TrainCommandOptions>): void {
  if (!options.backend === !options.float) misuse("give either --backend B for integers or --float");
  if (options.resume && options.checkpoint === undefined) misuse("--resume needs --checkpoint DIR");
  if (options.float && options.learnScales) misuse("--learn-scales needs --backend");
  if (options.float && options.freezeObservers !== undefined) misuse("--freeze-observers needs --backend");
}

function settings(model: Model, data: Dataset, options: TrainCommandOptions): TrainingOptions {
  const { epochs, batch, seed, checkpoint, freezeBatchNorm } = options;
  const usualRate = options.optimizer === "sgd" ? 1e-2 : 1e-3;
  return {
    data,
    loss: lossFor(model, options.loss),
    optimizer: optimizers[options.optimizer](),
    epochs,
    batch,
    seed,
    learningRate: options.lr ?? (options.float ? usualRate : usualRate / 10),
    schedule: schedules[options.schedule],
    ...(checkpoint === undefined ? {} : { checkpoint: { folder: checkpoint, resume: options.resume ?? false } }),
    ...(freezeBatchNorm === undefined ? {} : { freezeBatchNormalization: freezeBatchNorm }),
  };
}

function lossFor(model: Model, name: TrainCommandOptions["loss"]): Loss {
  if (name === "cross-entropy") return crossEntropy();
  if (name === "mse") return meanSquaredError();
  const teacher = cloneModel(model);
  runPasses(teacher, defaultPipeline);
  return distillation(teacher.graph);
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
  { loss, threads }: TrainCommandOptions & { readonly threads?: number },
): Promise<number> {
  const metric = loss === "mse" ? "mse" : "accuracy";
  return (await evaluate(model, data, { metric, ...(threads === undefined ? {} : { threads }) })).value;
}
