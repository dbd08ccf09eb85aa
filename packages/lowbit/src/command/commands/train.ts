import type { Command } from "commander";
import type { Backend } from "@lowbit/backend-kit";
import { loadModel, type Diagnostic, type Model } from "@lowbit/ir";
import { improvementsOf } from "@lowbit/quantize";
import { evaluate, weightSparsity, type Dataset, type FitEvent } from "@lowbit/train";
import { loadBackend } from "../../backends/load-backend.ts";
import { modelFileBytes } from "../../model-file-bytes.ts";
import { trainQuantized } from "../../quantization-aware-training.ts";
import { trainModel, type TrainingOptions } from "../../training.ts";
import { besideModel } from "../beside-model.ts";
import { addNormalization, counted, dataForms, openData, openLabelled, targetsFor } from "../data-options.ts";
import { countText } from "../format/quantities.ts";
import { integerResultText, writeAndTell, type NewModel } from "../integer-result.ts";
import type { Interruptions } from "../interruption.ts";
import { finish, type Job } from "../job.ts";
import { addLoss, lossFrom, lossMisuse, metricFor, targetsOf, type LossOptions } from "../loss-options.ts";
import { addOptimizer, optimizerFrom, optimizerMisuse, type OptimizerOptions } from "../optimizer-options.ts";
import { MetricsFile } from "../metrics-file.ts";
import { fileConflict } from "../file-conflict.ts";
import { checkAppendable, checkRoom, checkWritable } from "../output-file.ts";
import { improvementsNotTrained } from "../../diagnostics.ts";
import { readPlanFile, writePlanFile } from "../plan-file.ts";
import { addPlan, editedPlan, type PlanOptions } from "../plan-options.ts";
import { preferOption, type PreferOptions } from "../prefer-option.ts";
import { addReport } from "../report-option.ts";
import { TrainReport, type Trained } from "../train-report.ts";
import { addPruning, pruningFrom, pruningMisuse, type PruningOptions } from "../prune-options.ts";
import { wholeNumber } from "../parse-values.ts";
import { TrainingLog } from "../training-log.ts";
import { addLoop, loopMisuse, loopSettings, type LoopOptions } from "../training-options.ts";

interface TrainCommandOptions
  extends LoopOptions, LossOptions, OptimizerOptions, PreferOptions, PruningOptions, PlanOptions {
  readonly output: string;
  readonly backend?: string;
  readonly data: string;
  readonly validate?: string;
  readonly freezeObservers?: number;
  readonly learnScales?: boolean;
  readonly learnZeroPoints?: boolean;
  readonly integerForward?: number;
  readonly metrics?: string;
  readonly report?: string;
}

/** `lowbit train`: quantization-aware training, or plain training. */
export function addTrain(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("train")
    .description("quantization-aware training (or --float: plain training)")
    .argument("<MODEL>", "float ONNX file")
    .option("-o, --output <OUT>", "where to write the trained model")
    .option("--backend <B>", "train for integers: x86, arm, a module or an npm package")
    .addOption(preferOption())
    .option("--float", "train and write a float model")
    .option("--data <DATA>", dataForms)
    .option("--validate <DATA>", "measure the model on this after every epoch")
    .option("--freeze-observers <EPOCH>", "keep the ranges of activations after this many epochs", wholeNumber)
    .option(
      "--integer-forward <EPOCH>",
      "after this many epochs, run the forward as the integer operators of the deployed model, all else frozen",
      wholeNumber,
    )
    .option("--learn-scales", "train the scales too, instead of following ranges (LSQ)")
    .option("--learn-zero-points", "with --learn-scales: the zero points of activations as well (LSQ+)")
    .option("--metrics <FILE>", "write what happens to this file, one JSON object per line");
  addReport(command, "the curves of the training and the facts about the trained model");
  finish<TrainCommandOptions>(
    addNormalization(addPruning(addOptimizer(addLoop(addLoss(addPlan(command)))))),
    interruptions,
    ["output", "data"],
    async (job) => {
      checkUsage(job);
      const { terminal, options } = job;
      const [path] = job.args as readonly [string];
      const { output, threads } = options;
      const backend = options.backend
        ? await loadBackend(options.backend, { prefer: options.prefer, known: job.config.backends ?? [] })
        : null;
      for (const file of [output, options.savePlan, options.report]) {
        if (file !== undefined) checkWritable(file);
      }
      if (options.metrics !== undefined) checkAppendable(options.metrics);
      const model = loadModel(path, { report: (finding) => terminal.report(finding) });
      // Integers take a quarter, or an eighth; optimization leaves out little else.
      checkRoom(output, modelFileBytes(path, model) / (backend ? 10 : 2));
      const loss = await lossFrom(model, options);
      const targets = targetsOf(loss);
      const data = targets
        ? await openLabelled(options.data, model, options, targets)
        : await openData(options.data, model, options);
      const metric = metricFor(options) ?? "mse";
      const opened = options.validate ? await openLabelled(options.validate, model, options, targetsFor(metric)) : null;
      const validation = opened && counted(opened, (drawn) => terminal.progress(validatingText(drawn, opened.size)));
      const log = new TrainingLog(terminal, options.epochs, validation ? metric : null);
      const metrics =
        options.metrics === undefined
          ? null
          : new MetricsFile(options.metrics, options.resume ?? false, (finding) => terminal.report(finding));
      const report =
        options.report === undefined
          ? null
          : new TrainReport({
              report: options.report,
              path,
              model,
              backend,
              metric: metricFor(options),
              validates: validation !== null,
              checkpoint: options.checkpoint,
              resume: options.resume ?? false,
            });
      terminal.progress(backend ? "calibrating on the first samples" : "building the training step");
      const made = await interruptions
        .guard((signal) =>
          trained(
            model,
            backend,
            {
              ...loopSettings(data, options),
              loss,
              optimizer: optimizerFrom(options),
              ...pruningFrom(options),
              ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
              ...(options.microBatch === undefined ? {} : { microBatch: options.microBatch }),
              ...(validation ? { validate: (current: Model) => validated(current, validation, metric, threads) } : {}),
              better: metric === "mse" ? "lower" : "higher",
              ...(threads === undefined ? {} : { threads }),
              signal,
              onEvent: (event: FitEvent) => {
                log.event(event);
                metrics?.event(event);
                report?.event(event);
              },
            },
            options,
            (finding) => terminal.report(finding),
          ),
        )
        .catch((error: unknown) => {
          report?.endWith(error, terminal);
          throw error;
        });
      metrics?.close();
      const reestimated =
        validation && options.reestimateBatchNorm !== undefined
          ? { reestimated: await validated(made.model, validation, metric, threads) }
          : {};
      if (reestimated.reestimated !== undefined) log.reestimated(reestimated.reestimated);
      const result = await writeAndTell(
        { ...made, otherBytes: modelFileBytes(path, model) },
        output,
        data,
        threads,
        (finding) => terminal.report(finding),
      );
      await besideModel(output, async () => {
        if (options.savePlan !== undefined && made.quantization) {
          writePlanFile(options.savePlan, made.quantization.plan);
        }
        const measured = { data: opened ?? data, source: options.validate ?? options.data };
        await report?.write({ ...made, ...measured, output, threads }, terminal, interruptions);
      });
      terminal.result({ ...result, ...log.summary(), ...reestimated }, () => integerResultText(result));
    },
  );
}

function validatingText(drawn: number, size: number | null): string {
  return `validating, ${countText(drawn)}${size === null ? "" : `/${countText(size)}`} samples`;
}

function checkUsage({ options, args, misuse }: Job<TrainCommandOptions>): void {
  if (!options.backend === !options.float) misuse("give either --backend B for integers or --float");
  const wrong = loopMisuse(options) ?? lossMisuse(options) ?? optimizerMisuse(options) ?? pruningMisuse(options);
  if (wrong !== null) misuse(wrong);
  const { output, metrics, report, savePlan, data, validate } = options;
  const conflict =
    fileConflict({ "--output": output, "--metrics": metrics, "--report": report, "--save-plan": savePlan }, {}) ??
    fileConflict(
      { "--metrics": metrics, "--report": report, "--save-plan": savePlan },
      { MODEL: args[0], "--data": data, "--validate": validate },
    );
  if (conflict !== null) misuse(conflict);
  if (options.validate && metricFor(options) === null)
    misuse("--validate measures accuracy or mse, which do not fit this loss");
  if (options.integerForward !== undefined && options.reestimateBatchNorm !== undefined) {
    misuse("--reestimate-batch-norm would change the integers that --integer-forward trains: give one of them");
  }
  if (options.learnZeroPoints && !options.learnScales) misuse("--learn-zero-points needs --learn-scales");
  const forIntegers = {
    "--learn-scales": options.learnScales,
    "--integer-forward": options.integerForward,
    "--freeze-observers": options.freezeObservers,
    "--weights": options.weights,
    "--granularity": options.granularity,
    "--keep-float": options.keepFloat,
    "--plan": options.plan,
    "--save-plan": options.savePlan,
  };
  for (const [flag, value] of Object.entries(forIntegers)) {
    if (options.float && value !== undefined) misuse(`${flag} needs --backend`);
  }
}

async function trained(
  model: Model,
  backend: Backend | null,
  training: TrainingOptions,
  options: TrainCommandOptions,
  report: (finding: Diagnostic) => void,
): Promise<Omit<NewModel, "otherBytes"> & Pick<Trained, "quantization">> {
  if (!backend) {
    const made = await trainModel(model, { ...training, report });
    const sparsity = training.prune ? weightSparsity(made.graph) : null;
    return { model: made, backend: null, skipped: [], diagnostics: [], sparsity, quantization: null };
  }
  const { freezeObservers, integerForward, learnScales, learnZeroPoints, keepFloat } = options;
  const json = options.plan === undefined ? null : readPlanFile(options.plan);
  const improved = json === null ? [] : improvementsOf(json);
  if (improved.length > 0) report(improvementsNotTrained(improved));
  const result = await trainQuantized(model, {
    ...training,
    backend,
    report,
    editPlan: (plan) => editedPlan(plan, json, options),
    ...(keepFloat ? { keepFloat } : {}),
    ...(freezeObservers === undefined ? {} : { freezeObservers }),
    ...(integerForward === undefined ? {} : { integerForward }),
    ...(learnScales ? { learnScales } : {}),
    ...(learnZeroPoints ? { learnZeroPoints } : {}),
  });
  return { ...result, backend, quantization: result };
}

async function validated(
  model: Model,
  data: Dataset,
  metric: "accuracy" | "mse",
  threads: number | undefined,
): Promise<number> {
  return (await evaluate(model, data, { metric, ...(threads === undefined ? {} : { threads }) })).value;
}
