import type { Graph } from "@lowbit/ir";
import type { SessionOptions } from "@lowbit/runtime";
import { threadsFor } from "./threads.ts";

/** How ONNX Runtime runs a training step fastest; what the caller says comes first. */
export function sessionOptions(step: Graph, runtime: SessionOptions = {}): SessionOptions {
  const threads = runtime.threads ?? threadsFor(step);
  return {
    optimization: "all",
    memoryPattern: false,
    ...runtime,
    ...(threads === undefined ? {} : { threads }),
    config: { "session.disable_quant_qdq": "1", ...runtime.config },
  };
}
