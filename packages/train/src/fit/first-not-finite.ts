import { GraphEditor, modelNodes, newModel, rulesOf, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import type { Batch } from "../data/dataset.ts";
import { packState, type NamedState, type TrainState } from "../engine/state.ts";
import { isFinite } from "./is-finite.ts";
import { trainStep, type TrainStep, type TrainStepOptions } from "../step/train-step.ts";

/** Consecutive steps of one batch size. */
export interface Steps {
  readonly batches: readonly Batch[];
  /** Number of the first one, from 1. */
  readonly firstStep: number;
  /** One per batch. */
  readonly learningRates: readonly number[];
}

/**
 * Repeats steps with every result watched, from the state they began with, and says where the first number that is none
 * came from: the data, a node of the model, its gradient, or the update. Null when it does not happen again.
 *
 * Results that are infinite in a healthy step too (bounds that mean "none") are not taken for the cause.
 */
export async function firstNotFinite(
  graph: Graph,
  options: TrainStepOptions,
  state: NamedState,
  { batches, firstStep, learningRates }: Steps,
): Promise<string | null> {
  const step = trainStep(graph, options);
  const { watched, flags } = watch(step);
  const model = newModel(step.graph);
  model.opsets.set("com.microsoft", 1);
  const session = await Session.create(model, { optimization: "disabled" });
  const now = packState(step.state, state);
  let usual: ReadonlySet<Node> = new Set();
  try {
    for (const [index, batch] of batches.entries()) {
      const hyper = options.optimizer.hyperAt(firstStep + index, learningRates[index]!);
      const badData = Object.entries(batch.inputs).find(([, tensor]) => !isFinite(tensor))?.[0];
      if (badData !== undefined)
        return `the data: "${badData}" holds NaN or infinity in the batch of step ${firstStep + index}`;
      if (batch.target && !isFinite(batch.target))
        return `the data: the targets hold NaN or infinity in the batch of step ${firstStep + index}`;
      const results = await session.run(feedsOf(step, batch, hyper, now));
      const flagged = new Set(watched.filter((_, at) => Number.isNaN(results[flags]!.floats()[at])));
      for (const slot of step.state) now.set(slot.name, results[slot.next]!);
      const isHealthy =
        isFinite(results[step.loss]!) &&
        step.state.every((slot) => isFinite(now.get(slot.name)!) || !isFinite(slot.initial));
      const culprit = watched.find((node) => flagged.has(node) && !usual.has(node));
      if (!isHealthy) return culprit ? `${nodeText(culprit)} in step ${firstStep + index}` : null;
      usual = flagged;
    }
    return null;
  } finally {
    await session.release();
  }
}

/** Adds one output to a step: for each result of a node, 0 where all its elements are numbers, and NaN otherwise. */
function watch({ graph }: TrainStep): { readonly watched: readonly Node[]; readonly flags: string } {
  const nodes = [...graph.nodes];
  const editor = new GraphEditor(graph).before(null);
  const { op } = editor;
  const zero = editor.initializer(Tensor.scalar("float", 0), "zero");
  const one = editor.initializer(Tensor.of("int64", [1]), "one");
  const watched: Node[] = [];
  const flags: Value[] = [];
  for (const node of nodes) {
    for (const value of node.outputs) {
      if (value?.dtype !== "float") continue;
      watched.push(node);
      flags.push(op.Reshape([op.ReduceSum([op.Mul([value, zero])], { keepdims: 0 }), one]));
    }
  }
  const all = op.Concat(flags, { axis: 0 });
  editor.output(all);
  return { watched, flags: all.name };
}

function feedsOf(step: TrainStep, batch: Batch, hyper: readonly number[], state: TrainState): Feeds {
  const feeds: Record<string, Tensor> = { [step.hyper]: Tensor.of("float", hyper, [hyper.length]) };
  if (step.target !== null && batch.target) feeds[step.target] = batch.target;
  for (const name of step.data) feeds[name] = batch.inputs[name]!;
  for (const slot of step.state) feeds[slot.name] = state.get(slot.name)!;
  return feeds;
}

/** A node of a step in the user's words. */
function nodeText(node: Node): string {
  const names = modelNodes(node.origin);
  if (names.length === 0) return `the ${node.op} "${node.label}" of the loss or the update`;
  const shown = names
    .slice(0, 3)
    .map((name) => `"${name}"`)
    .join(", ");
  const isGradient = rulesOf(node.origin).includes("gradient");
  return isGradient ? `the gradient of ${shown} (${node.op})` : `node ${shown} (${node.op})`;
}
