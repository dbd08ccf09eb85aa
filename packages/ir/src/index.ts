/**
 * The graph IR of lowbit: ONNX's object model (Model, Graph, Node, Value, Tensor), facts about ops, the typed builder
 * and the editor that changes graphs, the verifier, the ONNX text form, import and export.
 *
 * It does not know rewriting rules, quantization, gradients or any runtime; those packages stand on this one.
 */
export * from "./builder.ts";
export * from "./diagnostics.ts";
export * from "./edit/graph-editor.ts";
export * from "./graph/attribute.ts";
export * from "./graph/graph.ts";
export { hasBody } from "./graph/has-body.ts";
export { mayNeverRun } from "./graph/may-never-run.ts";
export * from "./graph/model.ts";
export * from "./graph/name-table.ts";
export * from "./graph/node.ts";
export { onlyReader } from "./graph/only-reader.ts";
export * from "./graph/origin.ts";
export * from "./graph/value.ts";
export * from "./ops/define-op.ts";
export * from "./ops/infer-node.ts";
export * from "./ops/registry.ts";
export * from "./tensor.ts";
export * from "./tensor-elements.ts";
export * from "./tensor-storage.ts";
export * from "./types.ts";
export * from "./edit/clone.ts";
export * from "./text/parse.ts";
export { graphDigest } from "./text/graph-digest.ts";
export * from "./text/print.ts";
export { seeded } from "./text/seeded.ts";
export * from "./graph/equal.ts";
export type { EqualOptions } from "./graph/equal-tensor.ts";
export { exportModel, modelBytes, type BytesOptions } from "./serde/export-model.ts";
export { importModel, type ImportOptions } from "./serde/import-model.ts";
export { loadModel } from "./serde/model-file.ts";
export { saveModel, type ExternalDataOptions, type SavedModel, type SaveOptions } from "./serde/save-model.ts";
export { tensorsOf } from "./serde/model-tensors.ts";
export { axisFromFirst } from "./ops/axis-from-first.ts";
export { codeOfDType, dtypeOfCode } from "./ops/dtype-code.ts";
export { knownElements } from "./ops/elements.ts";
export { diffText } from "./text/diff.ts";
export { convertOpset } from "./opset/convert-opset.ts";
export { lowerOpset, lowestOpset } from "./opset/lowest-opset.ts";
export { irVersionOf } from "./opset/ir-version.ts";
export { components } from "./topology/components.ts";
export { convexRegions } from "./topology/convex-regions.ts";
export { isConvex, returnPath } from "./topology/convex.ts";
export { findCycles } from "./topology/cycles.ts";
export { captured, isSorted, needs, nodeOrder, type NodeOrder } from "./graph/node-order.ts";
export { dependentNodes, enclosing } from "./topology/dependencies.ts";
export { dotText, type DotOptions } from "./topology/dot.ts";
export { shortestPath, toGraphlib, type GraphlibView, type View } from "./topology/graphlib-view.ts";
export { levels, longestPath, sortNodes } from "./topology/order.ts";
export { deadWithout, hasSideEffect, liveNodes, reachable } from "./topology/reach.ts";
export { verifyGraph, verifyModel, type VerifyOptions } from "./verify/verify.ts";
export type { VerifyCode } from "./verify/report.ts";
export { inferShapes, type InferOptions } from "./infer/infer-shapes.ts";
export { isOwnSymbol, ownSymbol } from "./ops/own-symbol.ts";
export { inlineFunctions } from "./serde/inline/inline-functions.ts";
export { systemReason } from "./serde/diagnostics.ts";
export { WholeFile, writeWholeFile } from "./serde/whole-file.ts";
export { inlineGraph } from "./edit/inline-graph.ts";
