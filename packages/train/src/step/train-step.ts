import { gradients } from "@lowbit/autodiff";
import { cloneGraph, GraphEditor, Tensor, tensorType, type Graph, type Value } from "@lowbit/ir";
import { decomposeAllConvBatchNormalizations } from "@lowbit/quantize";
import { legalize } from "../legalize/legalize.ts";
import { scalar } from "../legalize/legalization.ts";
import type { Loss } from "../loss/loss.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { noParameters } from "../diagnostics.ts";
import { assign, liftState, type StateSlot } from "./assign.ts";
import { trainBatchNormalization } from "./batch-normalization.ts";
import { fixBatch } from "./batch.ts";
import { cleanUp } from "./clean-up.ts";
import { packParameters, type Part } from "./pack-parameters.ts";
import { packRanges } from "./pack-ranges.ts";
import { selectParameters } from "./parameters.ts";

/** What a training step is made of. */
export interface TrainStepOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Samples per step; the step is built for exactly this many. */
  readonly batch: number;
  /** Names of the initializers to train, `*` standing for any text. Default: all weights, biases and scales. */
  readonly parameters?: readonly string[];
  /** Largest Euclidean norm of all gradients together; larger gradients are scaled down. Default: no limit. */
  readonly clipNorm?: number;
  /** Whether BatchNormalization uses and moves batch statistics, or keeps the running ones. Default `train`. */
  readonly batchNormalization?: "train" | "frozen";
}

/**
 * One training step as a plain ONNX graph: inputs are the model's inputs, `target`, `hyper` (the optimizer's numbers)
 * and the state; outputs are the loss and the next state.
 */
export interface TrainStep {
  readonly graph: Graph;
  readonly data: readonly string[];
  /** Null when the loss needs no targets. */
  readonly target: string | null;
  readonly hyper: string;
  readonly loss: string;
  /** Shape of the model's first output. */
  readonly output: readonly number[];
  readonly state: readonly StateSlot[];
}

/**
 * Composes the training step of a model: loss, gradient, clipping, update and the movement of BatchNormalization and
 * observer state, cleaned up and written in the formulations that run fastest.
 *
 * @throws CompileError `train/no-parameters`, `autodiff/no-gradient`, `shape/mismatch` when the batch does not fit
 */
export function trainStep(model: Graph, options: TrainStepOptions): TrainStep {
  const { graph } = cloneGraph(model);
  const editor = new GraphEditor(graph);
  const data = graph.inputs.map((value) => value.name);
  fixBatch(graph, options.batch);
  const selected = selectParameters(graph, options.parameters);
  const trainsStatistics = (options.batchNormalization ?? "train") === "train";
  decomposeAllConvBatchNormalizations(graph, trainsStatistics ? "training-statistics" : "frozen-statistics");
  if (trainsStatistics) trainBatchNormalization(graph);
  const parameters = selected.filter((value) => value.role === "parameter");
  if (parameters.length === 0) throw noParameters(options.parameters);

  const { loss, optimizer } = options;
  const output = graph.outputs[0]!;
  const outputShape = output.shape as readonly number[];
  const targetShape = loss.targetShape(outputShape);
  const target = loss.targetDType
    ? editor.input(graph.names.fresh("target"), tensorType(loss.targetDType, targetShape))
    : null;
  const inputs = graph.inputs.filter((value) => value !== target);
  const lossValue = loss.attach({ op: editor.op, editor, inputs, outputs: graph.outputs, target });
  editor.setOutputs([lossValue]);

  const packed = new Map<string, readonly Part[]>(packRanges(graph));
  const trained = packParameters(graph, parameters);
  const gradientOf = gradients(
    editor,
    lossValue,
    trained.map((tensor) => tensor.value),
  );
  const moving = trained.flatMap(({ value: parameter, parts }) => {
    const gradient = gradientOf.get(parameter);
    return gradient ? [{ parameter, gradient, parts }] : [];
  });
  if (moving.length === 0) throw noParameters(options.parameters);
  const clipped = options.clipNorm === undefined ? moving : clipByNorm(editor, moving, options.clipNorm);

  const hyperInput = editor.input(graph.names.fresh("hyper"), tensorType("float", [optimizer.hyper.length]));
  const numbers = splitHyper(editor, hyperInput, optimizer.hyper);
  for (const { parameter, gradient, parts } of clipped) {
    packed.set(parameter.name, parts);
    const slots = Object.fromEntries(
      optimizer.slots.map((slot) => {
        const memory = zeros(editor, parameter, `${parameter.name}.${slot}`);
        packed.set(
          memory.name,
          parts.map((part) => ({ ...part, name: `${part.name}.${slot}` })),
        );
        return [slot, memory];
      }),
    );
    const update = optimizer.update({ op: editor.op, editor, parameter, gradient, slots, hyper: numbers });
    assign(editor, parameter, update.parameter);
    for (const slot of optimizer.slots) assign(editor, slots[slot]!, update.slots[slot]!);
  }

  cleanUp(graph);
  legalize(graph);
  cleanUp(graph);
  const state = liftState(graph, packed);
  const [lossName, targetName] = [graph.outputs[0]!.name, target?.name ?? null];
  return { graph, data, target: targetName, hyper: hyperInput.name, loss: lossName, output: outputShape, state };
}

interface Moving {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly parts: readonly Part[];
}

/** Scales all gradients by min(1, limit / norm), the norm taken over all of them together. */
function clipByNorm(editor: GraphEditor, moving: readonly Moving[], limit: number): readonly Moving[] {
  const { op } = editor;
  const squares = moving.map(({ gradient }) => op.ReduceSum([op.Mul([gradient, gradient])], { keepdims: 0 }));
  const norm = op.Sqrt([squares.length === 1 ? squares[0]! : op.Sum(squares)]);
  const ratio = op.Div([scalar(editor, limit, "clip_norm"), op.Max([norm, scalar(editor, limit, "clip_norm")])]);
  return moving.map((one) => ({ ...one, gradient: op.Mul([one.gradient, ratio]) }));
}

function splitHyper(editor: GraphEditor, hyper: Value, names: readonly string[]): Readonly<Record<string, Value>> {
  if (names.length === 1) return { [names[0]!]: hyper };
  const parts = editor.node(
    "Split",
    [hyper],
    { axis: 0, num_outputs: names.length },
    { outputs: names.length },
  ).outputs;
  return Object.fromEntries(names.map((name, index) => [name, parts[index]!]));
}

function zeros(editor: GraphEditor, like: Value, name: string): Value {
  const { dims, size } = like.initializer!;
  return editor.initializer(Tensor.fromTyped("float", dims, new Float32Array(size)), name, "buffer");
}
