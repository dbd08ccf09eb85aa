import type { Node } from "@lowbit/ir";
import { blockedDomain } from "@lowbit/runtime";
import {
  alongOneAxis,
  concatenation,
  division,
  gathering,
  oneHot,
  padding,
  position,
  reduction,
  slice,
} from "./along-axes.ts";
import { convolution, reordering, transposedConvolution } from "./convolution.ts";
import { elementwise, quantization } from "./elementwise.ts";
import { normalization, pooling } from "./first-axis.ts";
import { gemm, matrixProduct } from "./products.ts";
import { expansion, reshaping, transposition } from "./reshaping.ts";
import type { SampleRule } from "./sample-rule.ts";

const byOp = new Map<string, SampleRule>([
  ...rules(
    elementwise,
    "Abs Add And Cast Ceil Clip Cos Div Elu Equal Erf Exp Floor Greater GreaterOrEqual HardSigmoid HardSwish Identity",
    "LeakyRelu Less LessOrEqual Log Max Min Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus",
    "Softsign Sqrt Sub Sum Tanh ThresholdedRelu Where Gelu com.microsoft:Gelu com.microsoft:QuickGelu",
  ),
  ...rules(quantization, "QuantizeLinear DequantizeLinear"),
  ...rules(alongOneAxis, "Softmax LogSoftmax Hardmax LayerNormalization"),
  ...rules(reduction, "ReduceSum ReduceSumSquare ReduceL1 ReduceL2 ReduceMax ReduceMin ReduceMean ReduceProd"),
  ...rules(position, "ArgMax ArgMin"),
  ...rules(oneHot, "OneHot"),
  ...rules(concatenation, "Concat"),
  ...rules(gathering, "Gather"),
  ...rules(division, "Split"),
  ...rules(slice, "Slice"),
  ...rules(padding, "Pad"),
  ...rules(reshaping, "Reshape Flatten Squeeze Unsqueeze"),
  ...rules(expansion, "Expand"),
  ...rules(transposition, "Transpose"),
  ...rules(matrixProduct, "MatMul com.microsoft:FusedMatMul"),
  ...rules(gemm, "Gemm"),
  ...rules(convolution, `Conv ${blockedDomain}:Conv`),
  ...rules(transposedConvolution, "ConvTranspose"),
  ...rules(reordering, `${blockedDomain}:ReorderInput ${blockedDomain}:ReorderOutput`),
  ...rules(pooling, `MaxPool AveragePool GlobalAveragePool GlobalMaxPool ${blockedDomain}:MaxPool`),
  ...rules(normalization, "BatchNormalization"),
]);

/** The ops that have a rule; those of other domains than ONNX's behind that of theirs and a colon. */
export const sampledOps: readonly string[] = [...byOp.keys()];

/**
 * The rule for a node's op; null where none is known. Integer ops have none: their kernels lay weights that change out anew in every
 * run, which then takes as long as what caches save (CNN of the bench at batch 256: 197 µs per image in one go, 255 by 32).
 */
export function sampleRuleOf(node: Node): SampleRule | null {
  return byOp.get(node.domain === "" ? node.op : `${node.domain}:${node.op}`) ?? null;
}

function rules(rule: SampleRule, ...ops: readonly string[]): readonly (readonly [string, SampleRule])[] {
  return ops.flatMap((list) => list.split(" ")).map((op) => [op, rule] as const);
}
