/**
 * The ARM64 backend: int8 activations and weights in the arithmetic of XNNPACK, as ONNX Runtime runs it; or that of QNNPACK.
 *
 * It runs nothing itself, and importing it has no effect: pass `arm()` to the compiler.
 */
export { arm, armModule, type ArmOptions } from "./arm.ts";
export { armCapabilities } from "./capabilities.ts";
export { qnnpackCapabilities } from "./qnnpack-capabilities.ts";
