import * as ort from "onnxruntime-node";

/** The version of ONNX Runtime that runs everything. */
export function runtimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}
