import { CompileError, originText, typeText, type Node, type Value } from "@lowbit/ir";

/** An op between a wanted value and the loss has no gradient. `path` runs from the wanted value to the loss. */
export function noGradientError(node: Node, reason: string, path: string): CompileError {
  const origin = originText(node.origin);
  return new CompileError({
    code: "autodiff/no-gradient",
    severity: "error",
    message: `${node.op} "${node.label}" has no gradient: ${reason} (on the path ${path})`,
    where: origin && origin !== node.name ? { node: node.label, origin } : { node: node.label },
    help: "freeze this node and what comes before it, or express it by ops that have gradients",
  });
}

/** The value to differentiate is not one floating-point number. */
export function lossNotScalarError(loss: Value): CompileError {
  return new CompileError({
    code: "autodiff/loss-not-scalar",
    severity: "error",
    message: `loss "${loss.name}" is ${typeText(loss.type)}, not one floating-point number`,
    where: { value: loss.name },
    help: "reduce it to one number (ReduceMean), or pass a cotangent for it",
  });
}

/** The type of a value is needed to write its gradient, and inference could not tell it. */
export function unknownTypeError(value: Value, needed: string): CompileError {
  return new CompileError({
    code: "autodiff/unknown-type",
    severity: "error",
    message: `the gradient needs the ${needed} of "${value.name}", which is ${typeText(value.type)}`,
    where: value.producer ? { value: value.name, node: value.producer.label } : { value: value.name },
    help: "declare the shapes of the model's inputs, or run shape inference first",
  });
}
