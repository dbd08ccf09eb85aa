/** Runs lowbit graphs on ONNX Runtime. */
export {};
