/** Whether a node does nothing but turn floats into codes or back. */
export function isConversion(node: { readonly op: string }): boolean {
  return ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"].includes(node.op);
}

/** Whether a node computes with codes, whatever it gives. */
export function computesOnCodes(node: { readonly op: string }): boolean {
  return /^QLinear|^QGemm$|Integer|^DynamicQuantize(MatMul|LSTM)$|NBits$/.test(node.op);
}
