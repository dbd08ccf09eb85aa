import { conformance } from "@lowbit/backend-kit/conformance";
import { floatArithmetic } from "@lowbit/reference";
import { describe } from "vitest";
import { arm } from "./arm.ts";

describe.each([
  { title: "for speed", backend: arm() },
  { title: "with everything on integers", backend: arm({ prefer: "integer" }) },
  { title: "with dot products", backend: arm({ prefer: "integer", features: ["dotprod"] }) },
])("arm $title", ({ backend }) => {
  conformance(backend);
});

const qnnpack = arm({ prefer: "integer", features: ["qnnpack"] });

describe.each([
  // QNNPACK rounds twice, ONNX Runtime once, so more values lie between two codes.
  { title: "in its own arithmetic", backend: qnnpack, options: { differing: 0.03, steps: 2 } },
  // Nothing but the rounding differs.
  { title: "in the arithmetic of ONNX Runtime", backend: { ...qnnpack, arithmetic: floatArithmetic }, options: {} },
])("arm:qnnpack $title", ({ backend, options }) => {
  conformance(backend, options);
});
