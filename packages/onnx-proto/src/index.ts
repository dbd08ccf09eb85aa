/** ONNX protobuf messages: bytes to plain objects and back. */
export {};
