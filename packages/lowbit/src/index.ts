/** A graph-rewriting quantization compiler for ONNX models: the public API and the lowbit command. */
export {};
