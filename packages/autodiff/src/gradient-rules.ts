import type { GradientTable } from "./gradient-rule.ts";
import { activationGradients } from "./rules/activation.ts";
import { arithmeticGradients } from "./rules/arithmetic.ts";
import { batchNormalizationGradients } from "./rules/batch-normalization.ts";
import { convolutionGradients } from "./rules/convolution.ts";
import { dropoutGradients } from "./rules/dropout.ts";
import { einsumGradients } from "./rules/einsum.ts";
import { fakeQuantizationGradients } from "./rules/fake-quantization.ts";
import { gatheringGradients } from "./rules/gathering.ts";
import { generatingGradients } from "./rules/generating.ts";
import { layerNormalizationGradients } from "./rules/layer-normalization.ts";
import { logicGradients } from "./rules/logic.ts";

import { lossGradients } from "./rules/loss.ts";
import { mathGradients } from "./rules/math.ts";
import { matmulGradients } from "./rules/matmul.ts";
import { orderingGradients } from "./rules/ordering.ts";
import { poolingGradients } from "./rules/pooling.ts";
import { quantizationGradients } from "./rules/quantization.ts";
import { reductionGradients } from "./rules/reduction.ts";
import { reshapingGradients } from "./rules/reshaping.ts";
import { resamplingGradients } from "./rules/resampling.ts";
import { slicingGradients } from "./rules/slicing.ts";
import { softmaxGradients } from "./rules/softmax.ts";
import { withoutGradient } from "./rules/without-gradient.ts";

/** What every op of the registry does to gradients: a rule, zero, or a reason why there is none. */
export const gradientRules: GradientTable = {
  ...activationGradients,
  ...arithmeticGradients,
  ...batchNormalizationGradients,
  ...convolutionGradients,
  ...dropoutGradients,
  ...einsumGradients,
  ...fakeQuantizationGradients,
  ...gatheringGradients,
  ...generatingGradients,
  ...layerNormalizationGradients,
  ...logicGradients,

  ...lossGradients,
  ...mathGradients,
  ...matmulGradients,
  ...orderingGradients,
  ...poolingGradients,
  ...quantizationGradients,
  ...reductionGradients,
  ...reshapingGradients,
  ...resamplingGradients,
  ...slicingGradients,
  ...softmaxGradients,
  ...withoutGradient,
};
