import type { Graph } from "@lowbit/ir";
import type { SessionOptions } from "@lowbit/runtime";
import { threadsFor } from "./threads.ts";

/** How ONNX Runtime runs a training step fastest; what the caller says comes first. */
export function sessionOptions(step: Graph, runtime: SessionOptions = {}): SessionOptions {
  const threads = runtime.threads ?? threadsFor(step);
  return {
    optimization: "all",
    memoryPattern: false,
    resultsInPlace: true,
    ...runtime,
    ...(threads === undefined ? {} : { threads }),
    // Denormal numbers, which gradients that die away are full of, cost a hundred cycles each.
    config: { "session.disable_quant_qdq": "1", "session.set_denormal_as_zero": "1", ...runtime.config },
  };
}
