import { GraphEditor, isStatic, lowbitDomain, type Graph, type Node, type Value } from "@lowbit/ir";
import { exactPadsEnd, staticWindow } from "../legalize/window.ts";
import { roundsAsOne } from "./repeated-rounding.ts";

/**
 * Rounds what a MaxPool leaves instead of what it takes: MaxPool(FQ(x)) = FQ(MaxPool(x)) bit for bit, since rounding keeps the
 * order of elements. Rounding, its gradient's mask and the look at the range then pass over a fraction of the elements.
 *
 * The gradient goes to the largest element before it is rounded; after rounding several may be equal, and the first of them
 * would get it. Left alone: rounded values that anything else reads. Returns how many roundings were moved.
 */
export function roundAfterPooling(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let moved = 0;
  for (const node of graph.nodes) {
    if (!node.is("MaxPool") || node.outputs.length > 1) continue;
    const rounding = node.input.producer;
    if (!rounding || !roundsAsOne(rounding)) continue;
    if (rounding.output.isGraphOutput || rounding.output.uses.size > 1) continue;
    moveBehind(editor, rounding, node);
    moved++;
  }
  return moved;
}

function moveBehind(editor: GraphEditor, rounding: Node, pool: Node): void {
  const [x, ...parameters] = rounding.inputs as [Value, ...(Value | null)[]];
  const [rounded, pooled] = [rounding.output, pool.output];
  editor.replaceAllUses(pooled, rounded);
  editor.setInputs(pool, [x]);
  editor.setInputs(rounding, [pooled, ...parameters]);
  editor.move(rounding, pool.next);
  editor.setType(rounded, pooled.type);
  if (!seesAll(pool)) return;
  for (const use of [...x.uses]) {
    if (!observesHighestOnly(use.node)) continue;
    editor.replaceUse(use, pooled);
    editor.move(use.node, pool.next);
  }
}

/** Whether a node's result depends on the highest element alone: what lies below the lower bound counts as the bound. */
function observesHighestOnly(node: Node): boolean {
  return node.is("ObserveRange", lowbitDomain) && node.attributes.has("lower") && !node.attributes.has("axis");
}

/** Whether every element is in some window. */
function seesAll(pool: Node): boolean {
  const [input, output] = [pool.input.shape, pool.output.shape];
  if (!isStatic(input) || !isStatic(output)) return false;
  const [planes, results] = [input.slice(2), output.slice(2)];
  const window = staticWindow(pool, pool.ints("kernel_shape", [])!, planes, results);
  const hasGaps = window.kernel.some((size, axis) => window.strides[axis]! > size || window.dilations[axis] !== 1);
  return !hasGaps && exactPadsEnd(window, planes, results).every((pad) => pad >= 0);
}
