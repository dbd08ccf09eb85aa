import { fuseBnConv } from "./fusions/bn-conv.ts";
import { recomposeClip } from "./fusions/clip.ts";
import { fuseConvBn } from "./fusions/conv-bn.ts";
import { fuseConvTransposeBn } from "./fusions/conv-transpose-bn.ts";
import { decomposeBatchNorm } from "./fusions/decompose-batch-norm.ts";
import { decomposeConvTranspose } from "./fusions/decompose-conv-transpose.ts";
import { recomposeGelu } from "./fusions/gelu.ts";
import { fuseGemmBn } from "./fusions/gemm-bn.ts";
import { recomposeHardSigmoid } from "./fusions/hard-sigmoid.ts";
import { recomposeHardSwish } from "./fusions/hard-swish.ts";
import { recomposeLayerNorm } from "./fusions/layer-norm.ts";
import { fuseLinearScale } from "./fusions/linear-scale.ts";
import { fuseLinearShift } from "./fusions/linear-shift.ts";
import { fuseMatMulAdd } from "./fusions/matmul-add.ts";
import { fusePad } from "./fusions/pad.ts";
import { recomposeSwish } from "./fusions/swish.ts";
import type { Pass } from "./pass/pass.ts";
import type { PassRegistry } from "./pass/pipeline-text.ts";
import { sequence } from "./pass/sequence.ts";
import { cancelReshapes } from "./passes/cancel-reshapes.ts";
import { cancelTransposes } from "./passes/cancel-transposes.ts";
import { commonSubexpressions } from "./passes/common-subexpressions.ts";
import { constantToInitializer } from "./passes/constant-to-initializer.ts";
import { convertOpset } from "./passes/convert-opset.ts";
import { dropZeroStates } from "./passes/drop-zero-states.ts";
import { eliminateDeadCode } from "./passes/eliminate-dead-code.ts";
import { eliminateDropout } from "./passes/eliminate-dropout.ts";
import { eliminateIdentity } from "./passes/eliminate-identity.ts";
import { eliminateNeutralOperands } from "./passes/eliminate-neutral-operands.ts";
import { foldConstants } from "./passes/fold-constants.ts";
import { inferenceMode } from "./passes/inference-mode.ts";
import { initializersNotInputs } from "./passes/initializers-not-inputs.ts";
import { runningStatistics } from "./passes/running-statistics.ts";
import { staticReshape } from "./passes/static-reshape.ts";

/** Removes what computes nothing of its own; keeps everything that training needs, Dropout included. */
export const canonicalize = sequence({
  name: "canonicalize",
  summary: "Folds constants and shapes, and removes no-ops, repeats and dead code.",
  passes: [
    foldConstants,
    eliminateIdentity,
    staticReshape,
    cancelTransposes,
    cancelReshapes,
    commonSubexpressions,
    eliminateDeadCode,
  ],
});

/** What every pipeline starts with: the canonical opset, and weights that are initializers. */
const ingest: readonly Pass[] = [convertOpset, initializersNotInputs, constantToInitializer];

/** Larger ops out of the pieces exporters write; none of them needs to know the weights. */
const recompositions: readonly Pass[] = [
  recomposeClip,
  recomposeHardSigmoid,
  recomposeHardSwish,
  recomposeGelu,
  recomposeLayerNorm,
];

/** Everything that the default pipeline does to a model in the canonical opset, to a fixed point. */
export const optimize = sequence({
  name: "optimize",
  summary: "Canonicalizes and fuses for inference, with all that is known about the weights.",
  passes: [
    canonicalize,
    eliminateDropout,
    dropZeroStates,
    fuseMatMulAdd,
    fuseConvBn,
    fuseConvTransposeBn,
    fuseGemmBn,
    fuseBnConv,
    fusePad,
    ...recompositions,
    eliminateNeutralOperands,
    fuseLinearScale,
    fuseLinearShift,
  ],
});

/** The same for a model that is going to be trained: BatchNormalization, Dropout and every weight stay. */
export const optimizeForTraining = sequence({
  name: "optimize-for-training",
  summary: "Canonicalizes and fuses, and keeps BatchNormalization, Dropout and every weight.",
  passes: [canonicalize, fuseMatMulAdd, fusePad, ...recompositions],
});

/** The float optimizations for inference. */
export const defaultPipeline: readonly Pass[] = [...ingest, inferenceMode, optimize];

/** The float optimizations before training. */
export const trainingPipeline: readonly Pass[] = [...ingest, runningStatistics, optimizeForTraining];

/** Every pass of this package, and the pipelines by name. */
export const floatPasses: PassRegistry = {
  passes: [
    convertOpset,
    initializersNotInputs,
    constantToInitializer,
    inferenceMode,
    runningStatistics,
    optimize,
    optimizeForTraining,
    canonicalize,
    foldConstants,
    eliminateIdentity,
    eliminateDropout,
    eliminateNeutralOperands,
    dropZeroStates,
    staticReshape,
    cancelTransposes,
    cancelReshapes,
    commonSubexpressions,
    eliminateDeadCode,
    fuseConvBn,
    fuseConvTransposeBn,
    fuseGemmBn,
    fuseBnConv,
    decomposeBatchNorm,
    decomposeConvTranspose,
    fusePad,
    fuseMatMulAdd,
    fuseLinearScale,
    fuseLinearShift,
    recomposeClip,
    recomposeHardSigmoid,
    recomposeHardSwish,
    recomposeGelu,
    recomposeLayerNorm,
    recomposeSwish,
  ],
  pipelines: { default: defaultPipeline, training: trainingPipeline },
};
