import { Option, type Command } from "commander";
import { adagrad, adam, adamw, averaged, sgd, withoutDecay, type Optimizer, type ParameterGroup } from "@lowbit/train";
import { positiveInteger, positiveNumber, share } from "./parse-values.ts";

/** How `lowbit train` moves weights. */
export interface OptimizerOptions {
  readonly optimizer: "adam" | "adamw" | "sgd" | "adagrad";
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly decayWeightsOnly?: boolean;
  readonly scaleRate?: number;
  readonly average?: number;
  readonly clipNorm?: number;
  readonly microBatch?: number;
}

/** Adds the options that say how weights move. */
export function addOptimizer(command: Command): Command {
  return command
    .addOption(
      new Option("--optimizer <name>", "how weights move").choices(["adam", "adamw", "sgd", "adagrad"]).default("adam"),
    )
    .option("--momentum <X>", "momentum of sgd, 0 to 1 (default: 0.9)", share)
    .option("--nesterov", "sgd takes the gradient a step ahead")
    .option("--weight-decay <X>", "pulls weights to 0 (default: 0, adamw 0.01)", positiveNumber)
    .option("--decay-weights-only", "no decay of biases and normalizations")
    .option(
      "--scale-rate <X>",
      "factor of the learning rate for what --learn-scales learns (default: 1, as gradients are scaled as in LSQ)",
      positiveNumber,
    )
    .option("--clip-norm <X>", "scales gradients down to this Euclidean norm", positiveNumber)
    .option("--micro-batch <N>", "most samples at once: larger batches add gradients up", positiveInteger)
    .option("--average <DECAY>", "write the moving average of the weights, for example 0.999", share);
}

/** What is wrong about the options, or null. */
export function optimizerMisuse(options: OptimizerOptions & { readonly learnScales?: boolean }): string | null {
  const { optimizer, momentum, nesterov, weightDecay, decayWeightsOnly, scaleRate, learnScales } = options;
  if ((momentum !== undefined || nesterov) && optimizer !== "sgd") {
    return `${nesterov ? "--nesterov" : "--momentum"} needs --optimizer sgd`;
  }
  if (decayWeightsOnly && weightDecay === undefined && optimizer !== "adamw") {
    return "--decay-weights-only needs --weight-decay";
  }
  return scaleRate !== undefined && !learnScales ? "--scale-rate needs --learn-scales" : null;
}

/** The optimizer that options ask for. @throws CompileError `train/bad-optimizer` */
export function optimizerFrom(options: OptimizerOptions): Optimizer {
  const optimizer = plain(options);
  return options.average === undefined ? optimizer : averaged(optimizer, { decay: options.average });
}

function plain(options: OptimizerOptions): Optimizer {
  const { weightDecay, decayWeightsOnly, scaleRate, momentum = 0.9, nesterov = false } = options;
  const groups: readonly ParameterGroup[] = [
    ...(scaleRate === undefined ? [] : [{ roles: ["scale"], learningRate: scaleRate, weightDecay: 0 } as const]),
    ...(decayWeightsOnly ? [withoutDecay] : []),
  ];
  const common = { groups, ...(weightDecay === undefined ? {} : { weightDecay }) };
  switch (options.optimizer) {
    case "adam":
      return adam(common);
    case "adamw":
      return adamw(common);
    case "sgd":
      return sgd({ ...common, momentum, nesterov });
    case "adagrad":
      return adagrad(common);
  }
}
