import { globMatcher } from "@lowbit/quantize";
import { GraphEditor, isFloat, operandRole, schemaOf, type Graph, type Value } from "@lowbit/ir";

/** Whether an initializer serves some node as a weight, a bias, or the scale or bias of a normalization. */
function isLearned(value: Value): boolean {
  for (const { node, index } of value.uses) {
    const schema = schemaOf(node.op, node.domain);
    if (!schema) continue;
    const { role } = operandRole(schema, index);
    if (role === "weight" || role === "bias") return true;
    // An op without a weight operand of its own (MatMul, Add, Mul) learns a constant operand that is not a mere number.
    if (role === "data" && index > 0 && value.initializer!.size > 1) return true;
  }
  return false;
}

/**
 * Gives the role `parameter` to every float initializer that training may move, and `constant` to the others that had it.
 *
 * @param only names to train, `*` standing for any text; default: all that are learned by role
 * @returns the parameters in the graph's order
 */
export function selectParameters(graph: Graph, only?: readonly string[]): readonly Value[] {
  const editor = new GraphEditor(graph);
  const patterns = only?.map(globMatcher);
  const parameters: Value[] = [];
  for (const value of graph.initializers) {
    if (value.role === "buffer") continue;
    const trainable =
      isFloat(value.initializer!.dtype) &&
      (patterns ? patterns.some((matches) => matches(value.name)) && value.uses.size > 0 : isLearned(value));
    editor.setRole(value, trainable ? "parameter" : "constant");
    if (trainable) parameters.push(value);
  }
  return parameters;
}
