import { noGradient, zeroGradient, type GradientTable } from "../gradient-rule.ts";

const body = noGradient(
  "gradients do not go into the bodies of control flow; unroll it, or keep what is trained outside",
);
const recurrent = noGradient("its steps are inside one op; write it as a graph of MatMul, Sigmoid and Tanh");
const sequence = noGradient("gradients of sequences of tensors do not exist; use Split, Concat or Gather");
const optional = noGradient("gradients of optional values do not exist");
const fused = noGradient("it was fused for a runtime; differentiate before that pass");
const integer = noGradient("it computes on integer codes; differentiate the fake-quantized float form");
const update = noGradient("it is an optimizer's update, which is not part of the loss");
const text = noGradient("it computes on text");
const signal = noGradient("no ONNX op is its adjoint on real tensors");

/** Ops without a gradient of their own, by reason. */
export const withoutGradient = {
  If: body,
  Loop: body,
  Scan: body,
  SequenceMap: body,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  SequenceConstruct: sequence,
  SequenceEmpty: sequence,
  SequenceInsert: sequence,
  SequenceErase: sequence,
  SequenceAt: sequence,
  SequenceLength: zeroGradient,
  ConcatFromSequence: sequence,
  SplitToSequence: sequence,
  Optional: optional,
  OptionalGetElement: optional,
  OptionalHasElement: zeroGradient,
  Attention: noGradient("write it as MatMul, Softmax and MatMul"),
  RotaryEmbedding: noGradient("write it as Split, Mul, Sub, Add and Concat"),
  FusedMatMul: fused,
  FusedConv: fused,
  FusedGemm: fused,
  QGemm: integer,
  MatMulIntegerToFloat: integer,
  DynamicQuantizeMatMul: integer,
  MatMulNBits: integer,
  QLinearAdd: integer,
  QLinearMul: integer,
  QLinearWhere: integer,
  QLinearConcat: integer,
  QLinearSigmoid: integer,
  QLinearLeakyRelu: integer,
  QLinearSoftmax: integer,
  QLinearAveragePool: integer,
  QLinearGlobalAveragePool: integer,
  QLinearReduceMean: integer,
  DFT: signal,
  STFT: signal,
  Det: noGradient("it needs the inverse of a matrix, which ONNX has no op for"),
  StringNormalizer: text,
  StringConcat: text,
  StringSplit: text,
  RegexFullMatch: text,
  TfIdfVectorizer: text,
  ImageDecoder: noGradient("it decodes compressed bytes"),
  Adagrad: update,
  Adam: update,
  Momentum: update,
} satisfies Partial<GradientTable>;
