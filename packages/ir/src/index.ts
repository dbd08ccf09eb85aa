/** The graph IR of lowbit: ONNX's object model, op schemas, builder, editor, verifier, text form. */
export {};
