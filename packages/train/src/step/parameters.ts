import { globMatcher } from "@lowbit/quantize";
import {
  elementCount,
  GraphEditor,
  isFloat,
  operandRole,
  schemaOf,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { passesOn } from "./parameter-role.ts";

/**
 * Whether an initializer serves some node as a weight, a bias, or the scale or bias of a normalization, be it through
 * fake quantization or a change of layout.
 */
function isLearned(value: Value): boolean {
  const pending = [value];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const { node, index } of next.uses) {
      if (passesOn(node, index)) pending.push(node.output);
      else if (learnsOperand(node, index, next)) return true;
    }
  }
  return false;
}

function learnsOperand(node: Node, index: number, value: Value): boolean {
  const schema = schemaOf(node.op, node.domain);
  if (!schema) return false;
  const { role } = operandRole(schema, index);
  if (role === "weight" || role === "bias") return true;
  // An op without a weight operand of its own (MatMul, Add, Mul) learns a constant operand that is not a mere number.
  const combines = schema.traits.includes("elementwise") || schema.traits.includes("linear");
  return role === "data" && combines && node.inputs.length > 1 && (elementCount(value.shape) ?? 2) > 1;
}

/**
 * Gives the role `parameter` to every float initializer that training may move, and `constant` to the others that had it.
 * What has the role already keeps it, unless names are given.
 *
 * @param only names to train, `*` standing for any text; default: all that are learned by role
 * @param except names that stay as they are, even if `only` has them
 * @returns the parameters in the graph's order
 */
export function selectParameters(
  graph: Graph,
  only?: readonly string[],
  except: readonly string[] = [],
): readonly Value[] {
  const editor = new GraphEditor(graph);
  const patterns = only?.map(globMatcher);
  const frozen = except.map(globMatcher);
  const parameters: Value[] = [];
  for (const value of graph.initializers) {
    if (value.role === "buffer") continue;
    const trainable =
      isFloat(value.initializer!.dtype) &&
      !frozen.some((matches) => matches(value.name)) &&
      (patterns
        ? patterns.some((matches) => matches(value.name)) && value.uses.size > 0
        : value.role === "parameter" || isLearned(value));
    editor.setRole(value, trainable ? "parameter" : "constant");
    if (trainable) parameters.push(value);
  }
  return parameters;
}
