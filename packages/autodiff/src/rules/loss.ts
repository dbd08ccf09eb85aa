import { Tensor, type Value } from "@lowbit/ir";
import { dtypeOf } from "../constant-pool.ts";
import { type GradientContext, type GradientRule, type GradientTable } from "../gradient-rule.ts";
import { castTo, maskOf } from "../masks.ts";

/** How much each label's loss weighs: the class weight, 0 where the label is ignored; null when all weigh 1. */
function labelWeights(context: GradientContext, labels: Value, classWeights: Value | null): Value | null {
  const { op, node, constants } = context;
  if (!node.attributes.has("ignore_index")) return classWeights && op.Gather([classWeights, labels]);
  const dtype = labels.dtype === "int32" ? "int32" : "int64";
  const ignored = constants.tensor(Tensor.scalar(dtype, node.int("ignore_index", 0)), "ignore_index");
  const isIgnored = op.Equal([labels, ignored]);
  const counts = maskOf(context, op.Not([isIgnored]), classWeights ?? node.input);
  if (!classWeights) return counts;
  const anyClass = constants.tensor(Tensor.scalar(dtype, 0), "zero");
  return op.Mul([counts, op.Gather([classWeights, op.Where([isIgnored, anyClass, labels])])]);
}

/** The derivative of the loss by each label's own loss, [N, 1, ...]: the cotangent spread as `reduction` says. */
function labelCotangents(context: GradientContext, dy: Value, labels: Value, weights: Value | null): Value {
  const { op, node, constants } = context;
  const reduction = node.string("reduction", "mean");
  const behindBatch = constants.ints([1], "axes");
  const unsqueezed = weights && op.Unsqueeze([weights, behindBatch]);
  if (reduction === "none") {
    const each = op.Unsqueeze([dy, behindBatch]);
    return unsqueezed ? op.Mul([each, unsqueezed]) : each;
  }
  if (reduction === "sum") return unsqueezed ? op.Mul([unsqueezed, dy]) : dy;
  if (!weights) return op.Div([dy, constants.sizeRatio(labels, dy)]);
  return op.Mul([unsqueezed!, op.Div([dy, op.ReduceSum([weights], { keepdims: 0 })])]);
}

/**
 * 1 at each label's class, 0 elsewhere: the shape of the scores, [N, C, ...]. In int64, for which every runtime has OneHot.
 */
function oneHot(context: GradientContext, labels: Value, scores: Value): Value {
  const { op, constants } = context;
  const values = constants.tensor(Tensor.of(dtypeOf(scores), [0, 1]), "off_on");
  return op.OneHot([castTo(context, labels, "int64"), constants.dimOf(scores, 1), values], { axis: 1 });
}

function refuseWeights(context: GradientContext): void {
  if (context.needs[2]) context.fail("its class weights cannot be trained");
}

/**
 * loss = -Σ w[label]·log p[label], p = softmax of the scores: dscores = w·dloss·(p - onehot). A cotangent of the second
 * output, log p, adds dlogp - p·Σ dlogp.
 */
const softmaxCrossEntropyLoss: GradientRule = (context) => {
  const { op, node, grads, constants } = context;
  refuseWeights(context);
  const [scores, labels, weights] = [node.input, node.inputs[1]!, node.inputs[2] ?? null];
  const logProbability = node.outputs[1] ?? null;
  const p = logProbability ? op.Exp([logProbability]) : op.Softmax([scores], { axis: 1 });
  const parts: Value[] = [];
  if (grads[0]) {
    const each = labelCotangents(context, grads[0], labels, labelWeights(context, labels, weights));
    parts.push(op.Mul([op.Sub([p, oneHot(context, labels, scores)]), each]));
  }
  if (grads[1]) {
    const total = op.ReduceSum([grads[1], constants.ints([1], "axes")], { keepdims: 1 });
    parts.push(op.Sub([grads[1], op.Mul([p, total])]));
  }
  return [parts.length === 2 ? op.Add([parts[0]!, parts[1]!]) : parts[0]!];
};

/** loss = -Σ w[label]·x[label]: dx = -w·dloss·onehot. */
const negativeLogLikelihoodLoss: GradientRule = (context) => {
  const { op, node, grads } = context;
  refuseWeights(context);
  const [scores, labels, weights] = [node.input, node.inputs[1]!, node.inputs[2] ?? null];
  const each = labelCotangents(context, grads[0]!, labels, labelWeights(context, labels, weights));
  return [op.Mul([oneHot(context, labels, scores), op.Neg([each])])];
};

/** Rules of the loss ops of ONNX; labels are class indices. */
export const lossGradients = {
  SoftmaxCrossEntropyLoss: softmaxCrossEntropyLoss,
  NegativeLogLikelihoodLoss: negativeLogLikelihoodLoss,
} satisfies Partial<GradientTable>;
