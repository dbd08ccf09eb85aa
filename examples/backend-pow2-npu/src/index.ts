/**
 * A backend for an NPU that nobody has built: int8 around zero with one scale per tensor, every scale a power of two, no
 * Softmax, convolutions of at most 7 by 7.
 *
 * It is what a third party would publish: it imports only published packages, and registers nothing. Use it as
 * `--backend ./examples/backend-pow2-npu/dist/index.js`, or give `pow2Npu()` to the compiler.
 */
import { annotateFromCapabilities, quantizeEverything, type Backend, type BackendModule } from "@lowbit/backend-kit";
import { arithmetic } from "./arithmetic.ts";
import { capabilities } from "./capabilities.ts";

/** The NPU as a backend. It has no fast float path, so all that has a kernel runs on integers. */
export function pow2Npu(): Backend {
  const name = "pow2-npu";
  return {
    name,
    quantizer: {
      name,
      annotate: (graph, options) => annotateFromCapabilities(graph, capabilities, quantizeEverything, options),
    },
    capabilities,
    lower: [],
    arithmetic,
  };
}

/** What `--backend` looks for in a module. */
export const backend: BackendModule = { name: "pow2-npu", features: [], create: pow2Npu };
