import {
  codeOfDType,
  elementCount,
  GraphEditor,
  isStatic,
  lowbitDomain,
  Tensor,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { freezeObservers } from "./freeze-observers.ts";
import { largestCodeOf, learnedScale, scaledGradient, unlearnedRatio, type ScaleUse } from "./learned-scale.ts";

/** What is learned of the quantization parameters. */
export interface LearnScalesOptions {
  /** The zero points of activations too, where values lie on both sides of 0 (LSQ+). Default: they stay. */
  readonly zeroPoints?: boolean;
}

/**
 * Lets training choose the scales of a prepared graph, in place: each becomes scale · exp(r) with a parameter r per scale
 * that starts at 0, on top of the calibrated range of an activation or the current range of a weight. Observers stop.
 * Scales per block go on following their weights; those of weights before a BatchNormalization are learned as they are deployed, folded. Returns how many scales are learned.
 *
 * The gradient of a scale is that of LSQ (Esser et al. 2020, equation 3). Learning its logarithm keeps scales positive and
 * makes one learning rate fit all of them, whatever their size: a step of r by 0.01 is a change of 1 %. The gradient of r
 * is multiplied by g/s², with LSQ's g = 1/√(N·Q): a step of plain SGD then moves s as LSQ's own does, and optimizers that
 * normalize gradients (Adam) do not see the factor.
 *
 * With `zeroPoints`, zero points are moved by a parameter d each, in steps of the whole range of codes, and rounded; the
 * gradient goes straight through that (LSQ+: Bhalgat et al. 2020).
 */
export function learnScales(graph: Graph, { zeroPoints = false }: LearnScalesOptions = {}): number {
  freezeObservers(graph);
  const editor = new GraphEditor(graph);
  const learned = new Set<Value>();
  let ofComposites = 0;
  for (const node of graph.nodes) {
    if (quantizesFoldedWeight(node)) {
      learnFoldedScale(editor, node);
      ofComposites++;
    }
    if (!node.is("FakeQuantize", lowbitDomain) || node.int("block_size", 0) > 0) continue;
    const scale = node.inputs[1]!;
    const made = scale.producer;
    if (made?.is("QuantizationParameters", lowbitDomain) && isStatic(scale.shape)) {
      if (zeroPoints) learnZeroPoint(editor, node, made);
      learned.add(learnScale(editor, node, made));
    }
    // A scale that training may shrink no longer covers all elements.
    editor.setAttribute(node, "covers_range", null);
  }
  return learned.size + ofComposites;
}

/** s · exp(r) in place of s. */
function learnScale(editor: GraphEditor, node: Node, made: Node): Value {
  const scale = made.output;
  const dims = scale.shape as readonly number[];
  const learned = editor.rewriting("learn-scales", [node], made.next, () =>
    learnedScale(editor, scale, unlearnedRatio(editor, `${scale.name}.log_ratio`, dims), useOf(node, dims)),
  );
  letQuantizersRead(editor, scale, learned);
  return learned;
}

/** round(clip(z + (qmax - qmin) · d, qmin, qmax)) in place of z, for activations with values on both sides of 0. */
function learnZeroPoint(editor: GraphEditor, node: Node, made: Node): void {
  const [scale, zeroPoint] = made.outputs as [Value, Value];
  if (made.int("symmetric", 0) !== 0 || !hasBothSigns(made)) return;
  const { op } = editor;
  const number = (value: number, name: string): Value => editor.initializer(Tensor.scalar("float", value), name);
  const [qmin, qmax] = [made.int("qmin", 0), made.int("qmax", 0)];
  const learned = editor.rewriting("learn-zero-points", [node], made.next, () => {
    const span = number(qmax - qmin, "span");
    const dims = scale.shape as readonly number[];
    const parameter = unlearnedRatio(editor, `${zeroPoint.name}.shift`, dims);
    const shift = scaledGradient(editor, parameter, op.Mul([scale, span]), useOf(node, dims));
    const moved = op.Add([op.Cast([zeroPoint], { to: codeOfDType("float") }), op.Mul([span, shift])]);
    const inside = op.Clip([moved, number(qmin, "qmin"), number(qmax, "qmax")]);
    const codes = editor.initializer(Tensor.scalar(zeroPoint.dtype!, 0), "zero");
    return op.QuantizeLinear([inside, number(1, "one"), codes]);
  });
  letQuantizersRead(editor, zeroPoint, learned);
}

/** Whether the range buffers that parameters are made from lie on both sides of 0 somewhere. */
function hasBothSigns({ inputs }: Node): boolean {
  const [min, max] = inputs.map((end) => end?.initializer?.numbers());
  return Boolean(min?.some((low, i) => low < 0 && max![i]! > 0));
}

/** Whether a node is a Conv+BatchNormalization whose weights are quantized as they are deployed. */
function quantizesFoldedWeight(node: Node): boolean {
  return node.is("ConvBatchNormalization", lowbitDomain) && node.string("weight_dtype", "") !== "";
}

/** Gives a Conv+BatchNormalization the ratio by which the scales of its folded weights are learned. */
function learnFoldedScale(editor: GraphEditor, node: Node): void {
  const [, weight] = node.inputs;
  const dims = node.attributes.has("weight_axis") ? [weight!.shape!.at(node.int("weight_axis", 0)) as number] : [];
  const ratio = unlearnedRatio(editor, `${weight!.name}.scale.log_ratio`, dims);
  editor.setInputs(node, [...node.inputs.slice(0, 7), ratio]);
}

/** How many elements share one of the scales of a FakeQuantize, and their largest code. */
function useOf(node: Node, scales: readonly number[]): ScaleUse {
  const elements = elementsOf(node.input) / elementCount(scales)!;
  return { elements, largestCode: largestCodeOf(node.int("qmin", 0), node.int("qmax", 0)) };
}

/** The elements of data, or of an activation as far as its size is known, for one sample. */
function elementsOf({ shape, producer, initializer }: Value): number {
  const isData = producer === null && initializer !== null;
  const dims = isData ? shape! : (shape ?? []).slice(1);
  return dims.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
}

function letQuantizersRead(editor: GraphEditor, from: Value, to: Value): void {
  for (const use of [...from.uses]) if (use.node.is("FakeQuantize", lowbitDomain)) editor.replaceUse(use, to);
}
