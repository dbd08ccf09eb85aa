/**
 * Trains lowbit graphs: losses, optimizers, the training step as one ONNX graph, the loop that runs it on ONNX Runtime,
 * data sets, and evaluation.
 *
 * The gradient rules live in `autodiff`; what quantization-aware training inserts into a graph lives in `quantize`.
 */
export { arrays } from "./data/arrays.ts";
export type { Augmentation, RandomOf } from "./data/augment/augmentation.ts";
export { randomCrop, type RandomCropOptions } from "./data/augment/random-crop.ts";
export { randomFlip } from "./data/augment/random-flip.ts";
export type { Batch, BatchOptions, Dataset } from "./data/dataset.ts";
export type { DataOptions, InputSpec, Normalization } from "./data/data-options.ts";
export type { ModuleArray } from "./data/module/module-arrays.ts";
export { openDataset } from "./data/open-dataset.ts";
export { shuffledIndices, randomStream } from "./data/random.ts";
export { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate/evaluate.ts";
export { metrics, type Measure, type MetricName } from "./evaluate/metric.ts";
export { settle } from "./engine/held-state.ts";
export { MicroBatchRunner, microBatches } from "./engine/micro-batch-runner.ts";
export type { Runner } from "./engine/runner.ts";
export { addGradients, StepInParts, type GradientSums } from "./engine/step-in-parts.ts";
export { StepRunner } from "./engine/step-runner.ts";
export { packState, unpackState, withState, type NamedState, type TrainState } from "./engine/state.ts";
export { checkTraining } from "./fit/check-training.ts";
export { fit, train } from "./fit/fit.ts";
export type {
  ChangedCodes,
  CheckpointOptions,
  FitEvent,
  FitOptions,
  ParameterChoice,
  Phase,
} from "./fit/fit-options.ts";
export {
  constantSchedule,
  cosineSchedule,
  stepSchedule,
  warmUp,
  type Schedule,
  type StepScheduleOptions,
} from "./fit/schedule.ts";
export { customLoss, type CustomLossOptions, type Loss, type LossContext, type TargetKind } from "./loss/loss.ts";
export { crossEntropy, type CrossEntropyOptions } from "./loss/cross-entropy.ts";
export { distillation, type DistillationOptions } from "./loss/distillation.ts";
export { binaryCrossEntropy, huber, meanAbsoluteError, meanSquaredError } from "./loss/regression.ts";
export { adagrad, type AdagradOptions } from "./optimizer/adagrad.ts";
export { adam, adamw, type AdamOptions } from "./optimizer/adam.ts";
export { averaged, averagedState, type AveragingOptions } from "./optimizer/averaged.ts";
export type { Optimizer, Update, UpdateContext } from "./optimizer/optimizer.ts";
export type { ParameterRole, TrainableParameter } from "./optimizer/trainable-parameter.ts";
export { withoutDecay, type ParameterGroup } from "./optimizer/parameter-group.ts";
export { sgd, type SgdOptions } from "./optimizer/sgd.ts";
export { keepPruned } from "./prune/keep-pruned.ts";
export { prune, type Pruned, type PruneOptions, type PruningPattern } from "./prune/prune.ts";
export { weightSparsity, type Sparsity, type WeightSparsity } from "./prune/sparsity.ts";
export {
  reestimateBatchNormalization,
  requireNormalization,
  type ReestimateOptions,
} from "./reestimate/reestimate-batch-normalization.ts";
export type { StateSlot } from "./step/assign.ts";
export { scanSteps } from "./step/scan-steps.ts";
export { selectParameters } from "./step/parameters.ts";
export { trainStep, type TrainStep, type TrainStepOptions } from "./step/train-step.ts";
