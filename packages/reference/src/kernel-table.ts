import type { OpName } from "@lowbit/ir";
import type { Kernel, NoKernel } from "./kernel.ts";
import { activationKernels } from "./kernels/activations.ts";
import { arithmeticKernels } from "./kernels/arithmetic.ts";
import { attentionKernels } from "./kernels/attention.ts";
import { castKernels } from "./kernels/cast.ts";
import { col2ImKernels } from "./kernels/col2im.ts";
import { constantKernels } from "./kernels/constants.ts";
import { contribFusedKernels } from "./kernels/contrib-fused.ts";
import { contribQuantizedKernels } from "./kernels/contrib-quantized.ts";
import { controlFlowKernels } from "./kernels/control-flow.ts";
import { convBatchNormalizationKernels } from "./kernels/conv-batch-normalization.ts";
import { convolutionKernels } from "./kernels/convolution.ts";
import { cumulativeKernels } from "./kernels/cumulative.ts";
import { deformConvKernels } from "./kernels/deform-conv.ts";
import { einsumKernels } from "./kernels/einsum.ts";
import { fakeQuantizeKernels } from "./kernels/fake-quantize.ts";
import { fourierKernels } from "./kernels/fourier.ts";
import { gatherKernels } from "./kernels/gather.ts";
import { gradientKernels } from "./kernels/gradients.ts";
import { gridSampleKernels } from "./kernels/grid-sample.ts";
import { integerProductKernels } from "./kernels/integer-products.ts";
import { joiningKernels } from "./kernels/joining.ts";
import { logicKernels } from "./kernels/logic.ts";
import { lossKernels } from "./kernels/losses.ts";
import { matMulKernels } from "./kernels/matmul.ts";
import { nonMaxSuppressionKernels } from "./kernels/non-max-suppression.ts";
import { normalizationKernels } from "./kernels/normalization.ts";
import { optimizerKernels } from "./kernels/optimizers.ts";
import { paddingKernels } from "./kernels/padding.ts";
import { poolingKernels } from "./kernels/pooling.ts";
import { quantizeLinearKernels } from "./kernels/quantize-linear.ts";
import { randomKernels } from "./kernels/random.ts";
import { recurrentKernels } from "./kernels/recurrent.ts";
import { reductionKernels } from "./kernels/reductions.ts";
import { regionKernels } from "./kernels/regions.ts";
import { resizeKernels } from "./kernels/resize.ts";
import { scatterKernels } from "./kernels/scatter.ts";
import { selectionKernels } from "./kernels/selection.ts";
import { sequenceKernels } from "./kernels/sequences.ts";
import { shapeKernels } from "./kernels/shape.ts";
import { signalKernels } from "./kernels/signal.ts";
import { softmaxKernels } from "./kernels/softmax.ts";
import { stringKernels } from "./kernels/strings.ts";
import { unaryMathKernels } from "./kernels/unary-math.ts";

/** Ops of the ONNX domain. */
const onnxKernels = {
  ...activationKernels,
  ...arithmeticKernels,
  ...attentionKernels,
  ...castKernels,
  ...col2ImKernels,
  ...constantKernels,
  ...controlFlowKernels,
  ...convolutionKernels,
  ...cumulativeKernels,
  ...deformConvKernels,
  ...einsumKernels,
  ...fourierKernels,
  ...gatherKernels,
  ...gridSampleKernels,
  ...integerProductKernels,
  ...joiningKernels,
  ...logicKernels,
  ...lossKernels,
  ...matMulKernels,
  ...nonMaxSuppressionKernels,
  ...normalizationKernels,
  ...paddingKernels,
  ...poolingKernels,
  ...quantizeLinearKernels,
  ...randomKernels,
  ...recurrentKernels,
  ...reductionKernels,
  ...regionKernels,
  ...resizeKernels,
  ...scatterKernels,
  ...selectionKernels,
  ...sequenceKernels,
  ...shapeKernels,
  ...signalKernels,
  ...softmaxKernels,
  ...stringKernels,
  ...unaryMathKernels,
};

/** Ops that exist between passes only. */
const lowbitKernels = {
  ...convBatchNormalizationKernels,
  ...fakeQuantizeKernels,
  ...gradientKernels,
};

/** Ops of ONNX Runtime. */
const microsoftKernels = {
  ...contribFusedKernels,
  ...contribQuantizedKernels,
};

/** Every op of the registry must be here, with a kernel or with a reason why it has none: a missing one does not compile. */
({ ...onnxKernels, ...lowbitKernels, ...microsoftKernels, ...optimizerKernels }) satisfies {
  readonly [N in OpName]: Kernel | NoKernel;
};

const byDomain: Readonly<Record<string, Readonly<Record<string, Kernel | NoKernel>>>> = {
  "": onnxKernels,
  lowbit: lowbitKernels,
  "com.microsoft": microsoftKernels,
  "ai.onnx.preview.training": optimizerKernels,
};

/** What the interpreter has for an op; null for ops it does not know. */
export function kernelOf(op: string, domain = ""): Kernel | NoKernel | null {
  const kernels = Object.hasOwn(byDomain, domain) ? byDomain[domain]! : {};
  return Object.hasOwn(kernels, op) ? kernels[op]! : null;
}

/** Why the interpreter cannot run an op; null when it can. */
export function missingKernel(op: string, domain = ""): string | null {
  const kernel = kernelOf(op, domain);
  if (kernel === null) return "it is not known";
  return typeof kernel === "function" ? null : kernel.noKernel;
}

/** Whether the interpreter can run an op. */
export function hasKernel(op: string, domain = ""): boolean {
  return typeof kernelOf(op, domain) === "function";
}
