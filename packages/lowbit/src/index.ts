/**
 * The public API of lowbit, a graph-rewriting quantization compiler for ONNX models: the packages behind it under one
 * name, and `createCompiler`, which joins backends and passes. The `lowbit` command is made of what is exported here.
 *
 * Importing it has no effect; nothing is registered anywhere.
 */
export {
  createCompiler,
  type Compiler,
  type CompilerOptions,
  type Optimized,
  type OptimizeOptions,
} from "./compiler.ts";
