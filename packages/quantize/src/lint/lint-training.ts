import { lowbitDomain, type Diagnostic, type Graph, type Node } from "@lowbit/ir";
import { neverObserved } from "../diagnostics.ts";
import { highLearningRate, roundsNothing } from "./diagnostics.ts";

/** Above this, straight-through gradients are known to be unstable in fine-tuning. */
const highestRate = 1e-3;

/** How a prepared graph is about to be trained. */
export interface TrainingFacts {
  readonly learningRate: number;
}

/**
 * What is legal in training a prepared graph and yet likely a mistake: nothing that rounds, ranges that no data filled, a
 * learning rate too high for straight-through gradients. What is odd about its plan, `lintPlan` says.
 */
export function lintTraining(prepared: Graph, { learningRate }: TrainingFacts): readonly Diagnostic[] {
  if (![...prepared.nodes].some(rounds)) return [roundsNothing()];
  const rate = learningRate > highestRate ? [highLearningRate(learningRate, highestRate)] : [];
  return [...rate, ...lintObservers(prepared)];
}

function rounds(node: Node): boolean {
  if (node.is("FakeQuantize", lowbitDomain)) return true;
  return node.is("ConvBatchNormalization", lowbitDomain) && node.string("weight_dtype", "") !== "";
}

function lintObservers(prepared: Graph): readonly Diagnostic[] {
  return [...prepared.nodes].flatMap((node) => {
    if (!node.is("QuantizationParameters", lowbitDomain)) return [];
    const isUnseen = node.inputs.some((end) => end?.initializer?.numbers().some((value) => !Number.isFinite(value)));
    if (!isUnseen) return [];
    return [
      { ...neverObserved(node.input.name.replace(/\.range\.min$/, "")).diagnostic, severity: "warning" as const },
    ];
  });
}
