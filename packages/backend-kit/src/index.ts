/**
 * What a backend is made of: the Backend contract, capability tables as data, the annotator that they drive, and how
 * backends are chosen by name.
 *
 * It holds nothing about any particular device.
 */
export { annotateFromCapabilities, quantizeEverything, sharesParameters, type Placement } from "./annotate.ts";
export type { Backend, BackendModule, BackendRequest, Feature, Preference, ReduceRange } from "./backend.ts";
export type { Capability, CapabilityTable, Constraint, ResultRule } from "./capabilities.ts";
export {
  attributeIn,
  attributeIs,
  biasPerChannel,
  channelCount,
  isData,
  isModelData,
  kernelAtMost,
  onlyFirstOutput,
  rank,
} from "./constraints.ts";
export { checkFeatures, createBackend, parseBackendText, requestFor, type Wishes } from "./create-backend.ts";
export { fixedResult } from "./fixed-results.ts";
export { missingMembers } from "./missing-members.ts";
export { onnxRuntimeKernels } from "./onnx-runtime-kernels.ts";
export { planProblems } from "./plan-problems.ts";
export { findUnits, kernelOp, type Unit, type Units } from "./units.ts";
export { wideAnchors, withWideActivations } from "./wide-activations.ts";
