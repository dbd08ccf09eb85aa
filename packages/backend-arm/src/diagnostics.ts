import { CompileError, type Node } from "@lowbit/ir";

/** A product whose result has too small a scale for a Q31 multiplier below 1. */
export function multiplierTooLarge(node: Node, multiplier: number): CompileError {
  return new CompileError({
    code: "backend/multiplier",
    severity: "error",
    message: `${node.op} "${node.label}": its result has so small a range that sums would be multiplied by ${multiplier.toPrecision(4)}; QNNPACK multiplies by less than 1`,
    where: { node: node.label },
    help: `keep it float (--keep-float "${node.label}"), or use \`arm\`, whose kernels have no such limit`,
  });
}
