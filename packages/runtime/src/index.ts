/**
 * Runs models on ONNX Runtime: sessions, tensors in and out, and what ONNX Runtime made of a graph.
 *
 * The only package that imports onnxruntime-node; nothing here knows quantization or training.
 */
export type { Feeds, Port } from "./feeds.ts";
export { Session, type SessionOptions } from "./session.ts";
export { ThreadSession } from "./thread-session.ts";
export { freeTensors } from "./free-memory.ts";
export { SessionChain, type ChainResult, type ChainRun, type KeptValues } from "./session-chain.ts";
export { blockedDomain, channelBlock } from "./channel-block.ts";
export { fromRuntime, toRuntime } from "./convert-tensor.ts";
export { optimizedGraph, type OptimizedGraph, type OptimizedNode, type SourceNode } from "./optimized-graph.ts";
export { integerShare, multiplyAccumulates, type MultiplyAccumulates } from "./integer-share.ts";
export { mappedKernels, type MappedKernel } from "./mapped-kernels.ts";
export { kernelTimes, whatRan, type KernelRun } from "./what-ran.ts";
export { runtimeVersion } from "./runtime-version.ts";
