import { applyRules } from "../rule/apply-rules.ts";
import type { Rule } from "../rule/rule.ts";
import { definePass, type ConfigurablePass } from "./pass.ts";

/** A pass that applies rules to a fixed point, in the main graph and all bodies. */
export function rulePass(definition: {
  readonly name: string;
  readonly summary: string;
  readonly rules: readonly Rule[];
}): ConfigurablePass<Readonly<Record<never, never>>> {
  return definePass({
    name: definition.name,
    summary: definition.summary,
    run(model, context) {
      const { applied } = applyRules(model.graph, definition.rules, { explanation: context.explanation });
      return { changed: applied };
    },
  });
}
