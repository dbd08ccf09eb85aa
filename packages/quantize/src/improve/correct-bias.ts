import { cloneModel, GraphEditor, invariant, Tensor, type Diagnostic, type Model, type Node } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { Ranges } from "../calibrate/ranges.ts";
import { productOf } from "../convert/product.ts";
import { noCalibrationData, planOfOtherGraph } from "../diagnostics.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { prepare } from "../prepare/prepare.ts";
import { asDeployed } from "./as-deployed.ts";
import { addChannelMean, meanOutputs } from "./channel-means.ts";
import { biasNotCorrected } from "./diagnostics.ts";
import { channelsOf } from "./explicit-biases.ts";

/** What bias correction works from. */
export interface CorrectBiasOptions {
  /** From calibration with the same plan. */
  readonly ranges: Ranges;
  /** Representative inputs; run once in float, and once per corrected layer with the codes of all layers before it. */
  readonly data: readonly Feeds[];
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What bias correction did. */
export interface CorrectedBiases {
  /** How many layers got another bias. */
  readonly corrected: number;
  /** The quantized layers that did not, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Empirical bias correction: takes the mean error that quantization causes in each output channel out of the bias, layer
 * by layer in graph order, each with the layers before it quantized and corrected (Nagel et al., "Data-Free Quantization
 * Through Weight Equalization and Bias Correction", 2019, section 4.2 and appendix D). Changes the data of the model's
 * biases in place, so the plan stays valid; layers without one need `explicitBiases` before the plan is made.
 *
 * @throws CompileError `quantize/plan-graph`, `quantize/no-calibration-data`, and what `prepare` and `convert` throw
 */
export async function correctBias(
  model: Model,
  plan: QuantPlan,
  options: CorrectBiasOptions,
): Promise<CorrectedBiases> {
  const { data, ranges, threads } = options;
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  if (data.length === 0) throw noCalibrationData();
  const products = layersOf(model);
  const reasons = new Map(products.map((layer) => [layer, reasonAgainstCorrection(layer)]));
  const layers = products.filter((layer) => isQuantized(layer, plan));
  const able = layers.filter((layer) => reasons.get(layer) === null);
  const diagnostics = layers.flatMap((layer) => {
    const reason = reasons.get(layer);
    return reason ? [biasNotCorrected(layer, reason)] : [];
  });
  if (able.length === 0) return { corrected: 0, diagnostics };
  const indices = able.map((layer) => products.indexOf(layer));
  const floatMeans = await meanOutputs(withChannelMeans(cloneModel(model), indices), data, threads);
  const editor = new GraphEditor(model.graph);
  for (const [i, layer] of able.entries()) {
    const prepared = { ...model, graph: prepare(model.graph, plan, { mode: "static", ranges }) };
    const quantized = asDeployed(withChannelMeans(prepared, [indices[i]!]));
    const [means] = await meanOutputs(quantized, data, threads);
    const bias = layer.inputs[2]!;
    const corrected = bias.constant!.floats().map((value, c) => value - (means![c]! - floatMeans[i]![c]!));
    editor.setInitializer(bias, Tensor.of("float", corrected, bias.constant!.dims));
  }
  return { corrected: able.length, diagnostics };
}

/** The layers of a model with weights, in graph order; `prepare` adds none and keeps the order. */
function layersOf({ graph }: Model): readonly Node[] {
  return [...graph.nodes].filter((node) => productOf(node)?.weight.index === 1);
}

/** The model with the channel means of these layers as its only results. */
function withChannelMeans(model: Model, indices: readonly number[]): Model {
  const layers = layersOf(model);
  const means = indices.map((index) => {
    const layer = layers[index];
    invariant(layer, "a layer is gone after preparation");
    return addChannelMean(model.graph, layer);
  });
  new GraphEditor(model.graph).setOutputs(means);
  return model;
}

function isQuantized(layer: Node, plan: QuantPlan): boolean {
  const { weight } = productOf(layer)!;
  const value = layer.inputs[weight.index]!;
  return plan.specs.has(weight) || plan.specs.has(value);
}

/** Why a layer has no bias that may change; null where it has. */
export function reasonAgainstCorrection(layer: Node): string | null {
  if (!layer.is("Conv") && !layer.is("ConvTranspose") && !layer.is("Gemm")) return "it has no bias operand";
  const bias = layer.inputs[2];
  if (!bias) return "it has no bias";
  if (!bias.constant || bias.dtype !== "float") return "its bias is not float data of the model";
  const channels = channelsOf(layer);
  if (bias.constant.size !== channels || bias.constant.dims.at(-1) !== channels) {
    return "its bias is not one number per channel";
  }
  if (layer.is("Gemm") && layer.float("beta", 1) !== 1) return "its bias is multiplied by beta";
  return bias.uses.size > 1 || bias.isGraphOutput ? "its bias is read elsewhere too" : null;
}
