import { hasBody, isStatic, type Graph, type Node, type Value } from "@lowbit/ir";
import { sizes, type SampleAxis, type SampledNode, type SampleOutcome } from "./sample-rule.ts";
import { sampleRuleOf } from "./sample-rules.ts";

/** The part of a training step that works sample by sample, up to where samples are brought together. */
export interface SampledPart {
  /** In graph order. */
  readonly outcomes: ReadonlyMap<Node, SampleOutcome>;
  /** Of all values that are by sample, those that are fed too. */
  readonly axes: ReadonlyMap<Value, SampleAxis>;
}

/**
 * Follows the samples of a batch through a training step. Null where they cannot be parted: an op mixes them or is not known,
 * what all of them together decide goes into one of them again (BatchNormalization in training), or a sample's own result is returned.
 *
 * @param fed inputs whose first axis are the samples
 */
export function followSamples(graph: Graph, fed: readonly Value[], samples: number): SampledPart | null {
  const axes = new Map<Value, SampleAxis>();
  const outcomes = new Map<Node, SampleOutcome>();
  /** Values that are known only when all samples have been seen. */
  const late = new Set<Value>();
  for (const value of fed) {
    if (!isStatic(value.shape) || value.shape[0] !== samples) return null;
    axes.set(value, 0);
  }
  for (const node of graph.nodes) {
    const isSampled = node.inputs.some((value) => value && axes.has(value));
    const isLate = node.inputs.some((value) => value && late.has(value));
    const outputs = node.outputs.filter((value) => value !== null);
    if (!isSampled) {
      if (isLate) for (const value of outputs) late.add(value);
      continue;
    }
    const isTyped = outputs.every(({ shape, dtype }) => isStatic(shape) && dtype !== null);
    const outcome = isLate || hasBody(node) || !isTyped ? null : outcomeOf(node, axes, samples);
    if (outcome === null) return null;
    outcomes.set(node, outcome);
    if (outcome.kind !== "each") {
      if (outputs.length > 1) return null;
      late.add(node.output);
    } else {
      for (const value of outputs) {
        if (value.isGraphOutput || sizes(value)[outcome.axis]! % samples !== 0) return null;
        axes.set(value, outcome.axis);
      }
    }
  }
  return { outcomes, axes };
}

function outcomeOf(node: Node, axes: ReadonlyMap<Value, SampleAxis>, samples: number): SampleOutcome | null {
  const sampled: SampledNode = {
    node,
    samples,
    axisOf: (operand) => {
      const value = node.inputs[operand];
      return value ? (axes.get(value) ?? null) : null;
    },
  };
  return sampleRuleOf(node)?.(sampled) ?? null;
}
