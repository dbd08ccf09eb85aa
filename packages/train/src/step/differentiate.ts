import { gradients } from "@lowbit/autodiff";
import {
  cloneGraph,
  CompileError,
  GraphEditor,
  isFloat,
  newModel,
  tensorType,
  type Graph,
  type Value,
} from "@lowbit/ir";
import { decomposeAllConvBatchNormalizations, type IntegerFormOptions } from "@lowbit/quantize";
import { runningStatistics, runPasses } from "@lowbit/rewrite";
import { unusableOutput } from "../loss/diagnostics.ts";
import { attached, type Loss } from "../loss/loss.ts";
import { scoresBehind } from "../loss/scores.ts";
import type { TrainableParameter } from "../optimizer/trainable-parameter.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { absorbClamps } from "./absorb-clamps.ts";
import { trainBatchNormalization } from "./batch-normalization.ts";
import { fixBatch } from "./batch.ts";
import { gradientsCutOff } from "./cut-off.ts";
import { noParameters } from "./diagnostics.ts";
import { integerForward } from "./integer-forward.ts";
import { packParameters, unpacked, type Part } from "./pack-parameters.ts";
import { packRanges } from "./pack-ranges.ts";
import { chooseParameters, describeParameter, selectParameters } from "./parameters.ts";
import { settleRepeatedRounding } from "./repeated-rounding.ts";
import { roundAfterPooling } from "./round-after-pooling.ts";

/** What gradients are computed from. */
export interface DifferentiateOptions {
  readonly loss: Loss;
  /** Decides which small parameters may be packed together. */
  readonly optimizer: Optimizer;
  /** Samples per step; the step is built for exactly this many. */
  readonly batch: number;
  /** Patterns of what to train, as `selectParameters` takes them. Default: all weights, biases and scales. */
  readonly parameters?: readonly string[];
  /** Patterns of what is not trained. Default: none. */
  readonly frozen?: readonly string[];
  /** Whether BatchNormalization uses and moves batch statistics, or keeps the running ones. Default `train`. */
  readonly batchNormalization?: "train" | "frozen";
  /**
   * Runs the forward as the integer operators that will be deployed; gradients go straight through them. Needs frozen
   * observers and frozen BatchNormalization. Default: the forward is fake-quantized in float.
   */
  readonly integerForward?: IntegerFormOptions;
}

/** A tensor that training moves, its gradient, and what it holds. */
export interface MovingTensor {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly parts: readonly Part[];
  readonly holds: readonly TrainableParameter[];
}

/** A model's graph with its loss as only output and the gradients of all parameters that the loss depends on. */
export interface Differentiated {
  readonly graph: Graph;
  readonly editor: GraphEditor;
  readonly data: readonly string[];
  readonly target: Value | null;
  /** Shape of the model's first output. */
  readonly output: readonly number[];
  readonly moving: readonly MovingTensor[];
  /** What those buffers hold that hold more than themselves. */
  readonly packed: Map<string, readonly Part[]>;
}

/**
 * Copies a model for one batch size and adds loss and gradients; BatchNormalization and observers move their state.
 *
 * @throws CompileError `train/no-parameters`, `autodiff/no-gradient`, `shape/mismatch` when the batch does not fit,
 *   `train/integer-forward` when something moves that an integer forward needs frozen
 */
export function differentiate(model: Graph, options: DifferentiateOptions): Differentiated {
  try {
    return differentiated(model, options, packParameters);
  } catch (error) {
    // The path in a message is to begin at the user's own parameter, not at what several are packed into.
    if (lacksGradient(error)) differentiated(model, options, unpacked);
    throw error;
  }
}

function lacksGradient(error: unknown): boolean {
  return error instanceof CompileError && error.diagnostic.code === "autodiff/no-gradient";
}

function differentiated(model: Graph, options: DifferentiateOptions, pack: typeof packParameters): Differentiated {
  const { graph } = cloneGraph(model);
  const editor = new GraphEditor(graph);
  const data = graph.inputs.map((value) => value.name);
  fixBatch(graph, options.batch);
  // Whether statistics move is this step's choice, not that of the exporter.
  runPasses(newModel(graph), [runningStatistics]);
  const selected = selectParameters(graph, options.parameters, options.frozen);
  const known = new Map(selected.map((value) => [value.name, describeParameter(value)]));
  const trainsStatistics = (options.batchNormalization ?? "train") === "train";
  decomposeAllConvBatchNormalizations(graph, trainsStatistics ? "training-statistics" : "frozen-statistics");
  if (trainsStatistics) trainBatchNormalization(graph);
  const { loss, optimizer } = options;
  const results = graph.outputs;
  const scores = loss.scoresBehind && scoresBehind(results[0]!, loss.scoresBehind);
  // What the loss reads is to come from the integer forward as results do.
  if (scores && !results.includes(scores)) editor.setOutputs([...results, scores]);
  const integers = options.integerForward ? integerForward(graph, options.integerForward) : null;
  const parameters = selected.filter((value) => value.role === "parameter");
  if (parameters.length === 0) throw noParameters(learnedParameters(model), options.parameters, options.frozen);

  const output = comparableShape(results[0]!, loss);
  const target = loss.targetDType
    ? editor.input(graph.names.fresh("target"), tensorType(loss.targetDType, loss.targetShape(output)))
    : null;
  const inputs = graph.inputs.filter((value) => value !== target);
  const lossValue = attached(loss, { op: editor.op, editor, inputs, outputs: results, target });
  editor.setOutputs([lossValue]);

  settleRepeatedRounding(graph, integers !== null);
  absorbClamps(graph);
  // Where the forward runs on integers, rounded values are all that is left to be pooled.
  if (integers === null) roundAfterPooling(graph);
  const packed = new Map<string, readonly Part[]>(packRanges(graph));
  const trained = pack(graph, parameters, ({ name }) => optimizer.groupOf?.(known.get(name)!) ?? 0);
  const gradientOf = gradients(
    editor,
    lossValue,
    trained.map((tensor) => tensor.value),
  );
  const moving = trained.flatMap(({ value: parameter, parts }) => {
    const gradient = gradientOf.get(parameter);
    const holds = parts.map(({ name }) => known.get(name)!);
    return gradient ? [{ parameter, gradient, parts, holds }] : [];
  });
  if (moving.length === 0) throw gradientsCutOff(trained.map(({ value }) => value));
  integers?.take();
  return { graph, editor, data, target, output, moving, packed };
}

function learnedParameters(model: Graph): readonly TrainableParameter[] {
  return chooseParameters(model).learned.map(describeParameter);
}

/** The shape of the output that a loss compares. @throws CompileError `train/bad-loss` for what it cannot compare */
function comparableShape(output: Value, { name, targetDType }: Loss): readonly number[] {
  const { shape, dtype } = output;
  if (targetDType !== null && !shape) throw unusableOutput(output, name, "an output of known shape");
  if (targetDType !== null && dtype !== null && !isFloat(dtype)) throw unusableOutput(output, name, "float numbers");
  return (shape ?? []) as readonly number[];
}
