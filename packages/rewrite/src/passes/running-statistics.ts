import { rulePass } from "../pass/rule-pass.ts";
import { batchNormRule } from "./inference-mode.ts";

/**
 * Lets the BatchNormalization of a model that was exported for training take its running statistics, like that of any
 * other model: who trains it decides whether they move. Dropout stays in training mode.
 */
export const runningStatistics = rulePass({
  name: "running-statistics",
  summary: "Lets BatchNormalization of training exports take its running statistics; Dropout stays.",
  rules: [batchNormRule],
});
