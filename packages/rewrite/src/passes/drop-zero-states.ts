import { hasTrait, operandRole, schemaOf, type OpName, type Value } from "@lowbit/ir";
import { rulePass } from "../pass/rule-pass.ts";
import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { Reject, rule } from "../rule/rule.ts";

/** Recurrent ops and where their initial states stand; an absent one is zero. */
const initialStates = { RNN: [5], GRU: [5], LSTM: [5, 6] } as const satisfies {
  readonly [N in OpName]?: readonly number[];
};

/** LSTM(…, zeros, zeros)  →  LSTM(…), and the same for GRU and RNN */
const dropZeroStatesRule = rule({
  name: "drop-zero-states",
  pattern: op(["RNN", "GRU", "LSTM"], [any()], { as: "node", moreOperands: true }),
  rewrite({ node }, { editor }) {
    const places = initialStates[node.op as keyof typeof initialStates];
    const inputs = node.inputs.map((value, index) =>
      value && (places as readonly number[]).includes(index) && isZero(value) ? null : value,
    );
    if (inputs.every((value, index) => value === node.inputs[index]))
      return new Reject("has no initial state of zeros", node);
    const outputs = node.outputs.map((value) => value && editor.graph.names.fresh(value.name));
    const name = node.name === "" ? {} : { name: node.name };
    return editor.node(node.op, inputs, Object.fromEntries(node.attributes), { outputs, ...name }).outputs;
  },
});

/** Lets recurrent nodes start from their own zeros. Not for training, where an initial state may be a parameter. */
export const dropZeroStates = rulePass({
  name: "drop-zero-states",
  summary: "Drops initial states of zeros from LSTM, GRU and RNN.",
  rules: [dropZeroStatesRule],
});

/** Whether every element is certainly 0: constants, ConstantOfShape, and what only moves their elements. */
function isZero(start: Value): boolean {
  const pending = [start];
  for (let value = pending.pop(); value; value = pending.pop()) {
    if (value.constant) {
      if (!value.constant.numbers().every((element) => element === 0)) return false;
      continue;
    }
    const node = value.producer;
    if (!node) return false;
    if (node.is("ConstantOfShape")) {
      if ((node.tensor("value")?.item() ?? 0) !== 0) return false;
    } else if (hasTrait(node, "keepsScale")) {
      const schema = schemaOf(node.op, node.domain)!;
      pending.push(
        ...node.inputs
          .filter((operand, i) => operand && operandRole(schema, i).role === "data")
          .map((operand) => operand!),
      );
    } else return false;
  }
  return true;
}
