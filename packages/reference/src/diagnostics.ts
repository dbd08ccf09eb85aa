import { CompileError, originText, type DType, type Node } from "@lowbit/ir";

/** An op that the interpreter cannot run, and why. */
export function noKernelFor(node: Node, reason: string): CompileError {
  const name = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  return new CompileError({
    code: "reference/no-kernel",
    severity: "error",
    message: `${name} "${node.label}" cannot be evaluated: ${reason}`,
    where: whereIs(node),
    help: "run the model on a runtime that has the op, or evaluate only values that do not need it",
  });
}

/** Operands or attributes of a node that do not fit its op. */
export function invalidNode(node: Node, message: string): CompileError {
  return new CompileError({
    code: "reference/invalid-node",
    severity: "error",
    message: `${node.op} "${node.label}": ${message}`,
    where: whereIs(node),
  });
}

/** A graph input without a tensor, or a tensor without a graph input. */
export function inputMismatch(name: string, message: string): CompileError {
  return new CompileError({
    code: "reference/input",
    severity: "error",
    message: `input "${name}" ${message}`,
    where: { value: name },
  });
}

/** The sentence about a fed tensor whose dtype is not the declared one. */
export function dtypeMismatch(name: string, declared: DType, given: DType): CompileError {
  return inputMismatch(name, `is declared ${declared}, but a tensor of ${given} was given`);
}

function whereIs(node: Node): { readonly node: string; readonly origin?: string } {
  const origin = originText(node.origin);
  return origin !== "" && origin !== node.label ? { node: node.label, origin } : { node: node.label };
}

/** A requantization multiplier that the arithmetic in use cannot represent. */
export function multiplierOutOfRange(arithmetic: string, multiplier: number, range: string): CompileError {
  return new CompileError({
    code: "reference/multiplier",
    severity: "error",
    message: `${arithmetic} requantization: multiplier ${multiplier} is outside ${range}`,
    help: "choose a larger output scale, or an arithmetic with float multipliers",
  });
}
