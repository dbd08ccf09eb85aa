import { Tensor, type Node } from "@lowbit/ir";
import { definePass } from "../pass/pass.ts";
import { op } from "../pattern/op.ts";
import { applyRules } from "../rule/apply-rules.ts";
import { Reject, rule } from "../rule/rule.ts";

/** c = Constant<value = t>()  →  initializer c */
const constantRule = rule({
  name: "constant-to-initializer",
  pattern: op("Constant", [], { as: "node" }),
  rewrite({ node }, { constant }) {
    const tensor = constantTensor(node);
    return tensor ? constant(tensor, node.output.name) : new Reject("its value is not a dense tensor", node);
  },
});

/** Turns Constant nodes into initializers, bodies included. */
export const constantToInitializer = definePass({
  name: "constant-to-initializer",
  summary: "Turns Constant nodes into initializers.",
  anyOpset: true,
  run(model, context) {
    const { applied } = applyRules(model.graph, [constantRule], { explanation: context.explanation });
    if (applied > 0) model.irVersion = Math.max(model.irVersion, 4);
    return { changed: applied };
  },
});

/** What a Constant node holds, in any of its forms; null for sparse tensors. */
function constantTensor(node: Node): Tensor | null {
  for (const [name, attribute] of node.attributes) {
    switch (`${name} ${attribute.kind}`) {
      case "value tensor":
        return node.tensor(name);
      case "value_float float":
        return Tensor.scalar("float", node.float(name, 0));
      case "value_int int":
        return attribute.kind === "int" ? Tensor.scalar("int64", attribute.value) : null;
      case "value_floats floats":
        return attribute.kind === "floats" ? Tensor.of("float", attribute.value) : null;
      case "value_ints ints":
        return attribute.kind === "ints" ? Tensor.of("int64", attribute.value) : null;
      case "value_string string":
        return attribute.kind === "string" ? stringTensor([attribute.value], []) : null;
      case "value_strings strings":
        return attribute.kind === "strings" ? stringTensor(attribute.value, [attribute.value.length]) : null;
    }
  }
  return null;
}

function stringTensor(values: readonly (string | Uint8Array)[], dims: readonly number[]): Tensor {
  const encoder = new TextEncoder();
  const strings = values.map((value) => (typeof value === "string" ? encoder.encode(value) : value));
  return new Tensor("string", dims, { byteLength: 0, read: () => new Uint8Array() }, strings);
}
