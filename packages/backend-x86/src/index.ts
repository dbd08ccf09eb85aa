/**
 * The x86-64 backend: what ONNX Runtime's integer kernels can do there, where they pay, and how graphs are lowered for
 * them.
 *
 * It runs nothing itself, and importing it has no effect: pass `x86()` to the compiler.
 */
export { x86Capabilities } from "./capabilities.ts";
export { averagePoolToGlobal } from "./average-pool-to-global.ts";
export { checkCostTable, costAxes, type CostFamily, type CostGrid, type CostTable } from "./placement/cost-table.ts";
export { quantizeBehindPool } from "./quantize-behind-pool.ts";
export { x86, x86Module, type X86Options } from "./x86.ts";
