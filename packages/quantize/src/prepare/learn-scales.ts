import { GraphEditor, isStatic, lowbitDomain, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import { freezeObservers } from "./freeze-observers.ts";

/**
 * Lets training choose the scales of a prepared graph, in place: each becomes scale · exp(r) with a parameter r per scale
 * that starts at 0, on top of the calibrated range of an activation or the current range of a weight. Observers stop.
 * Returns how many scales are learned.
 *
 * The gradient of a scale is that of LSQ (Esser et al. 2020, equation 3). Learning its logarithm keeps scales positive and
 * makes one learning rate fit all of them, whatever their size: a step of r by 0.01 is a change of 1 %.
 */
export function learnScales(graph: Graph): number {
  freezeObservers(graph);
  const editor = new GraphEditor(graph);
  const learned = new Set<Value>();
  for (const node of graph.nodes) {
    if (!node.is("FakeQuantize", lowbitDomain)) continue;
    const scale = node.inputs[1]!;
    const made = scale.producer;
    if (made?.is("QuantizationParameters", lowbitDomain) && isStatic(scale.shape)) {
      learned.add(learnedScale(editor, scale, made));
    }
    // A scale that training may shrink no longer covers all elements.
    editor.setAttribute(node, "covers_range", null);
  }
  return learned.size;
}

function learnedScale(editor: GraphEditor, scale: Value, made: Node): Value {
  const dims = scale.shape as readonly number[];
  const size = dims.reduce((a, b) => a * b, 1);
  const ratio = editor.initializer(
    Tensor.fromTyped("float", dims, new Float32Array(size)),
    `${scale.name}.log_ratio`,
    "parameter",
  );
  const { op } = editor.after(made);
  const readers = [...scale.uses];
  const learned = op.Mul([scale, op.Exp([ratio])]);
  for (const use of readers) editor.replaceUse(use, learned);
  return learned;
}
