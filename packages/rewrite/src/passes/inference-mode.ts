import type { Node } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { definePass } from "../pass/pass.ts";
import { applyRules } from "../rule/apply-rules.ts";
import { isUnread } from "../rule/erase-dead.ts";
import { Reject, rule } from "../rule/rule.ts";

/** BatchNormalization in training mode  →  the same with its running statistics */
export const batchNormRule = rule({
  name: "inference-batch-norm",
  pattern: op("BatchNormalization", [any("x"), any("gamma"), any("beta"), any("mean"), any("variance")], { as: "bn" }),
  rewrite({ x, gamma, beta, mean, variance, bn }, { op }) {
    if (bn.int("training_mode", 0) === 0) return new Reject("is not in training mode", bn);
    if (!restIsUnread(bn)) return new Reject("its statistics are read", bn);
    const momentum = bn.attributes.has("momentum") ? bn.float("momentum", 0.9) : undefined;
    const y = op.BatchNormalization([x, gamma, beta, mean, variance], { epsilon: bn.float("epsilon", 1e-5), momentum });
    return [y, null, null];
  },
});

/** Dropout in training mode  →  its operand */
const dropoutRule = rule({
  name: "inference-dropout",
  pattern: op("Dropout", [any("x"), optional(any("ratio")), any("mode")], { as: "dropout" }),
  rewrite({ x, mode, dropout }) {
    if (mode.constant && mode.constant.item() === 0) return new Reject("is not in training mode", dropout);
    return restIsUnread(dropout) ? [x, null] : new Reject("its mask is read", dropout);
  },
});

/**
 * Turns a model that was exported for training into the one that is used: BatchNormalization takes its running statistics,
 * Dropout passes everything. This is the one pass of the default pipeline that changes what a model computes, and it says so.
 */
export const inferenceMode = definePass({
  name: "inference-mode",
  summary: "Takes BatchNormalization and Dropout out of training mode.",
  run(model, context) {
    const { applied, byRule } = applyRules(model.graph, [batchNormRule, dropoutRule], {
      explanation: context.explanation,
    });
    if (applied > 0) {
      const count = (name: string): number => byRule.get(name) ?? 0;
      context.report({
        code: "model/training-mode",
        severity: "note",
        message: `the model was exported in training mode: ${count("inference-batch-norm")} BatchNormalization and ${count("inference-dropout")} Dropout nodes were put into inference mode`,
      });
    }
    return { changed: applied };
  },
});

function restIsUnread(node: Node): boolean {
  return node.outputs.slice(1).every((value) => value === null || isUnread(value));
}
