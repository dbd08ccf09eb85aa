import { InvalidArgumentError, type Command } from "commander";
import { cloneModel, loadModel, type Model } from "@lowbit/ir";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import {
  binaryCrossEntropy,
  crossEntropy,
  distillation,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  type CrossEntropyOptions,
  type DataOptions,
  type Loss,
} from "@lowbit/train";
import { loadLoss } from "./loss-module.ts";
import { numberList, positiveNumber, share } from "./parse-values.ts";

/** What `lowbit train` minimizes. */
export interface LossOptions {
  readonly loss: string;
  readonly softLabels?: boolean;
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  readonly huberDelta?: number;
  readonly teacher?: string;
  readonly temperature?: number;
  readonly taskShare?: number;
}

const names = ["cross-entropy", "bce", "mse", "l1", "huber", "distill"];

/** Which losses an option belongs to. */
const losses: Readonly<Record<string, readonly string[]>> = {
  softLabels: ["cross-entropy", "distill"],
  labelSmoothing: ["cross-entropy", "distill"],
  classWeights: ["cross-entropy", "distill"],
  huberDelta: ["huber"],
  teacher: ["distill"],
  temperature: ["distill"],
  taskShare: ["distill"],
};

/** Adds the options that say what is minimized. */
export function addLoss(command: Command): Command {
  return command
    .option(
      "--loss <name>",
      `what to minimize: ${names.join(", ")}, or a module.js that exports a loss`,
      lossName,
      "cross-entropy",
    )
    .option("--soft-labels", "targets of cross-entropy are a probability per class, not class indices")
    .option("--label-smoothing <S>", "share of each label that is spread over all classes, 0 to 1", share)
    .option("--class-weights <X,X...>", "how much each class counts, a number per class", numberList)
    .option("--huber-delta <X>", "where huber goes from squares to absolute values (default: 1)", positiveNumber)
    .option("--teacher <MODEL>", "float model that distill answers as (default: the model itself)")
    .option("--temperature <T>", "softens the answers that distill compares (default: 2)", positiveNumber)
    .option("--task-share <S>", "share of cross-entropy with the labels in distill, 0 to 1 (default: 0)", share);
}

function lossName(text: string): string {
  if (names.includes(text) || /\.[cm]?[jt]s$/.test(text)) return text;
  throw new InvalidArgumentError(`Allowed choices are ${names.join(", ")}, or the path of a JavaScript module.`);
}

/** What is wrong about the options of a loss, or null. */
export function lossMisuse(options: LossOptions): string | null {
  for (const [name, owners] of Object.entries(losses)) {
    if (options[name as keyof LossOptions] === undefined || owners.includes(options.loss)) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return `${flag} needs --loss ${owners.join(" or ")}`;
  }
  const labelled = options.softLabels ?? options.labelSmoothing ?? options.classWeights;
  if (options.loss === "distill" && labelled !== undefined && !options.taskShare) {
    return "labels count in --loss distill with --task-share only";
  }
  return null;
}

/** The loss that options ask for. @throws CompileError `train/bad-loss`, `train/loss-module`, and what loading a teacher throws */
export async function lossFrom(model: Model, options: LossOptions): Promise<Loss> {
  switch (options.loss) {
    case "cross-entropy":
      return ofLabels(options);
    case "bce":
      return binaryCrossEntropy();
    case "mse":
      return meanSquaredError();
    case "l1":
      return meanAbsoluteError();
    case "huber":
      return huber(options.huberDelta);
    case "distill":
      return ofTeacher(model, options);
    default:
      return loadLoss(options.loss);
  }
}

function ofLabels({ softLabels, labelSmoothing, classWeights }: LossOptions): Loss {
  const settings: CrossEntropyOptions = {
    ...(softLabels ? { labels: "soft" } : {}),
    ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
    ...(classWeights === undefined ? {} : { classWeights }),
  };
  return crossEntropy(settings);
}

function ofTeacher(model: Model, options: LossOptions): Loss {
  const { teacher: path, temperature, taskShare } = options;
  const teacher = path === undefined ? cloneModel(model) : loadModel(path);
  runPasses(teacher, defaultPipeline);
  return distillation(teacher.graph, {
    ...(temperature === undefined ? {} : { temperature }),
    ...(taskShare ? { task: ofLabels(options), taskShare } : {}),
  });
}

/** The targets that a loss takes from the data; undefined for a loss without labels. */
export function targetsOf(loss: Loss): DataOptions["targets"] {
  if (loss.targetDType === null) return undefined;
  return loss.targetDType === "int64" ? "class" : "value";
}

/** How good the model is can be told by this; null where neither metric fits the loss. */
export function metricFor({ loss, softLabels }: LossOptions): "accuracy" | "mse" | null {
  if (loss === "cross-entropy" || loss === "distill") return softLabels ? null : "accuracy";
  return ["mse", "l1", "huber"].includes(loss) ? "mse" : null;
}
