import { GraphEditor, type Graph, type Node, type Value } from "@lowbit/ir";
import { batchNormalizationGrad, batchNormalizationTraining } from "./batch-normalization.ts";
import { convGradInput } from "./conv-grad-input.ts";
import { convGradWeight } from "./conv-grad-weight.ts";
import { conv } from "./convolution.ts";
import { crossEntropyLoss } from "./cross-entropy.ts";
import { fakeQuantize, fakeQuantizeGrad } from "./fake-quantize.ts";
import { operand, type ChannelScale, type Legalization, type ObservedRows } from "./legalization.ts";
import { maxPool } from "./max-pool.ts";
import { averagePoolGrad, maxPoolGrad } from "./pool-grad.ts";
import { qlinearConv } from "./qlinear-conv.ts";
import { observeRange, quantizationParameters } from "./ranges.ts";
import { fuseReluMasks } from "./relu-mask.ts";

const legalizations: Readonly<Record<string, Legalization>> = {
  ":Conv": conv,
  ":MaxPool": maxPool,
  ":QLinearConv": qlinearConv,
  ":SoftmaxCrossEntropyLoss": crossEntropyLoss,
  "lowbit:ConvGradInput": convGradInput,
  "lowbit:ConvGradWeight": convGradWeight,
  "lowbit:BatchNormalizationGrad": batchNormalizationGrad,
  "lowbit:MaxPoolGrad": maxPoolGrad,
  "lowbit:AveragePoolGrad": averagePoolGrad,
  "lowbit:FakeQuantize": fakeQuantize,
  "lowbit:FakeQuantizeGrad": fakeQuantizeGrad,
  "lowbit:ObserveRange": observeRange,
  "lowbit:QuantizationParameters": quantizationParameters,
  "lowbit:ScaleGradient": (context) => [operand(context, 0)],
};

function legalizationOf(node: Node): Legalization | null {
  if (node.is("BatchNormalization") && node.int("training_mode", 0) === 1) return batchNormalizationTraining;
  return legalizations[`${node.domain}:${node.op}`] ?? null;
}

/**
 * Expresses the ops of the `lowbit` domain in a training step as plain ONNX, in the formulations that run fastest on
 * ONNX Runtime. All shapes must be static. Returns how many nodes were rewritten.
 *
 * @param block channels per block of ONNX Runtime's blocked layout on the machine that will run the graph
 * @param asDeployed whether convolutions are to sum as they do in the deployed model, instead of as fast as they can
 */
export function legalize(graph: Graph, block = 1, asDeployed = false): number {
  const editor = new GraphEditor(graph);
  const shared = {
    block,
    asDeployed,
    observed: new Map<Value, ObservedRows>(),
    inBlocks: new Map<Value, Value>(),
    picks: new Map<string, Value>(),
    channelScales: new Map<Value, ChannelScale>(),
  };
  let changed = fuseReluMasks(graph);
  for (const node of graph.nodes) {
    const legalization = legalizationOf(node);
    if (!legalization) continue;
    const results = editor.rewriting(`legalize-${node.op.toLowerCase()}`, [node], node, () =>
      legalization({ node, op: editor.op, editor, ...shared }),
    );
    if (results.length === 0) continue;
    node.outputs.forEach((value, index) => {
      const result = results[index];
      if (value && result) editor.replaceAllUses(value, result);
    });
    editor.erase(node);
    changed++;
  }
  return changed;
}
