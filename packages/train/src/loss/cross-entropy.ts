import { Tensor, type Value } from "@lowbit/ir";
import { badClassWeights, badLossSetting, labelOutsideOutput, unknownClasses } from "../diagnostics.ts";
import { singleClass, unusableOutput } from "./diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import { checkProbabilities } from "./probabilities.ts";
import { onScores } from "./scores.ts";
import { targetOf, type Loss, type LossContext } from "./loss.ts";

/** Settings of `crossEntropy`. */
export interface CrossEntropyOptions {
  /**
   * What a target is: the index of the right class (int64 [N, ...]), or a probability for each class (float
   * [N, classes, ...]). Default `index`.
   */
  readonly labels?: "index" | "soft";
  /** Share of each label that is spread evenly over all classes, 0 ≤ s < 1 (Szegedy et al. 2016, section 7). Default 0. */
  readonly labelSmoothing?: number;
  /** How much each class counts, one number ≥ 0 per class. Default: all alike. */
  readonly classWeights?: readonly number[];
}

/**
 * Softmax cross-entropy of raw scores [N, classes, ...] (of a model that ends in Softmax, those before it) over all positions, where t is the label's one-hot or soft
 * distribution, smoothed to (1 - s)·t + s/classes: -Σ w·t·log p, divided by the number of positions, or, with weighted
 * class indices, by the sum of their labels' weights (as PyTorch's CrossEntropyLoss and
 * https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html).
 *
 * @throws CompileError `train/bad-loss` for settings out of range; when attached, for weights that are not one per
 *   class and for scores without a class axis
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labels = "index", labelSmoothing = 0, classWeights } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw badLossSetting("label smoothing", labelSmoothing, "at least 0 and below 1");
  }
  const unusable = classWeights?.find((weight) => !(weight >= 0 && weight < Infinity));
  if (unusable !== undefined) throw badLossSetting("a class weight", unusable, "a number of at least 0");
  const soft = labels === "soft";
  const settings = [
    ...(soft ? ["soft"] : []),
    ...(labelSmoothing ? [labelSmoothing] : []),
    ...(classWeights ? [`w${classWeights.join(":")}`] : []),
  ];
  return {
    name: ["cross-entropy", ...settings].join(":"),
    ...targetOf(soft ? "value" : "class"),
    scoresBehind: "Softmax",
    attach(given) {
      const context = onScores(given, "Softmax");
      const { op, outputs, target } = context;
      const [scores] = outputs;
      if ((scores!.shape?.length ?? 0) < 2) throw unusableOutput(scores!, "cross-entropy", "scores [N, classes, ...]");
      if (scores!.shape![1] === 1) throw singleClass(scores!, "cross-entropy");
      const weights = classWeights ? alongClasses(context, classWeights) : null;
      if (soft) return ofDistribution(context, target!, labelSmoothing, weights, null);
      if (labelSmoothing === 0 && !weights) {
        return op.SoftmaxCrossEntropyLoss([scores!, target!], { reduction: "mean" });
      }
      const distribution = oneHot(context);
      const counts = weights ? total(context, op.Mul([distribution, weights])) : null;
      return ofDistribution(context, distribution, labelSmoothing, weights, counts);
    },
    checkTarget: soft ? checkProbabilities("cross-entropy") : checkLabels,
    ...(!soft && classWeights ? { weightOf: (target) => totalWeight(target, classWeights) } : {}),
  };
}

/** -Σ w·((1 - s)·t + s/classes)·log p over `divisor`, null: over the number of positions. */
function ofDistribution(
  context: LossContext,
  distribution: Value,
  smoothing: number,
  weights: Value | null,
  divisor: Value | null,
): Value {
  const { op, editor, outputs } = context;
  const scores = outputs[0]!;
  let wanted = distribution;
  if (smoothing > 0) {
    const share = scalar(editor, smoothing / classCount(context), "share");
    wanted = op.Add([op.Mul([wanted, scalar(editor, 1 - smoothing, "sure")]), share]);
  }
  if (weights) wanted = op.Mul([wanted, weights]);
  const likelihood = op.Mul([op.LogSoftmax([scores], { axis: 1 }), wanted]);
  if (divisor) return op.Neg([op.Div([total(context, likelihood), divisor])]);
  const axis = editor.initializer(Tensor.of("int64", [1]), "classes_axis");
  return op.Neg([op.ReduceMean([op.ReduceSum([likelihood, axis], { keepdims: 0 })], { keepdims: 0 })]);
}

function total({ op }: LossContext, value: Value): Value {
  return op.ReduceSum([value], { keepdims: 0 });
}

function classCount({ outputs }: LossContext): number {
  const classes = outputs[0]!.shape?.[1];
  if (typeof classes !== "number") throw unknownClasses(outputs[0]!);
  return classes;
}

function oneHot(context: LossContext): Value {
  const { op, editor, target } = context;
  const offOn = editor.initializer(Tensor.of("float", [0, 1]), "off_on");
  const classes = editor.initializer(Tensor.of("int64", [classCount(context)]), "classes");
  return op.OneHot([target!, classes, offOn], { axis: 1 });
}

/** One number per class, shaped to meet scores [N, classes, ...]. */
function alongClasses(context: LossContext, classWeights: readonly number[]): Value {
  const classes = classCount(context);
  if (classes !== classWeights.length) throw badClassWeights(classWeights.length, classes);
  const positions = context.outputs[0]!.shape!.slice(2).map(() => 1);
  return context.editor.initializer(Tensor.of("float", classWeights, [classes, ...positions]), "class_weights");
}

function totalWeight(labels: Tensor, classWeights: readonly number[]): number {
  return labels.numbers().reduce((sum, label) => sum + (classWeights[label] ?? NaN), 0);
}

function checkLabels(target: Tensor, output: readonly number[]): void {
  const classes = output[1] ?? 0;
  if (target.dtype !== "int64") return;
  for (const label of target.typed() as BigInt64Array) {
    if (label < 0n || label >= BigInt(classes)) throw labelOutsideOutput(Number(label), classes);
  }
}
