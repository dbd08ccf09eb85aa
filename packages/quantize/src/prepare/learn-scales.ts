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

/** What is learned of the quantization parameters. */
export interface LearnScalesOptions {
  /** The zero points of activations too, where values lie on both sides of 0 (LSQ+). Default: they stay. */
  readonly zeroPoints?: boolean;
}

/**
 * Lets training choose the scales of a prepared graph, in place: each becomes scale · exp(r) with a parameter r per scale
 * that starts at 0, on top of the calibrated range of an activation or the current range of a weight. Observers stop.
 * Scales per block go on following their weights. Returns how many scales are learned.
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
  for (const node of graph.nodes) {
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
  return learned.size;
}

/** s · exp(r) in place of s. */
function learnScale(editor: GraphEditor, node: Node, made: Node): Value {
  const scale = made.output;
  const { op } = editor;
  const learned = editor.rewriting("learn-scales", [node], made.next, () =>
    op.Mul([scale, op.Exp([scaledParameter(editor, node, `${scale.name}.log_ratio`, scale)])]),
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
    const shift = scaledParameter(editor, node, `${zeroPoint.name}.shift`, op.Mul([scale, span]));
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

/**
 * A parameter of zeros in the shape of a unit, whose gradient is multiplied by g / unit², g = 1/√(N·Q): N elements of a
 * sample share a scale, Q is the largest code.
 */
function scaledParameter(editor: GraphEditor, node: Node, name: string, unit: Value): Value {
  const { op } = editor;
  const dims = unit.shape as readonly number[];
  const scales = elementCount(dims)!;
  const zeros = Tensor.fromTyped("float", dims, new Float32Array(scales));
  const g = 1 / Math.sqrt((elementsOf(node.input) / scales) * largestCode(node));
  const factor = op.Div([editor.initializer(Tensor.scalar("float", g), "gradient_scale"), op.Mul([unit, unit])]);
  return op.ScaleGradient([editor.initializer(zeros, name, "parameter"), factor]);
}

/** The elements of data, or of an activation as far as its size is known, for one sample. */
function elementsOf({ shape, producer, initializer }: Value): number {
  const isData = producer === null && initializer !== null;
  const dims = isData ? shape! : (shape ?? []).slice(1);
  return dims.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
}

function largestCode(node: Node): number {
  const [qmin, qmax] = [node.int("qmin", 0), node.int("qmax", 0)];
  return qmin < 0 ? Math.max(qmax, 1) : qmax - qmin;
}

function letQuantizersRead(editor: GraphEditor, from: Value, to: Value): void {
  for (const use of [...from.uses]) if (use.node.is("FakeQuantize", lowbitDomain)) editor.replaceUse(use, to);
}
