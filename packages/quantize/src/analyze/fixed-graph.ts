import { GraphEditor, inlineGraph, type Graph, type Node, type Value } from "@lowbit/ir";
import { switchesName, withoutDeadCode } from "./switchable-graph.ts";

/** Turns a switchable graph into one without switches, in place: all of it float, or all of it quantized. */
export function fixGraph(graph: Graph, quantized: boolean): void {
  const editor = new GraphEditor(graph);
  for (const node of [...graph.nodes]) {
    if (node.op !== "If" || !readsSwitches(node.input)) continue;
    const { name } = node.output;
    const result = chosen(editor, node, quantized);
    editor.replaceAllUses(node.output, result);
    editor.erase(node);
    if (result.isGraphOutput && result.name !== name) editor.rename(result, name);
  }
  withoutDeadCode(graph);
  const switches = graph.inputs.find(({ name }) => name === switchesName);
  if (switches && switches.uses.size === 0) editor.removeInput(switches);
}

function readsSwitches(condition: Value): boolean {
  return condition.producer?.inputs[0]?.name === switchesName;
}

/** What a choice gives: what was passed on, or what the nodes of a branch compute, which are put before it. */
function chosen(editor: GraphEditor, choice: Node, quantized: boolean): Value {
  const body = choice.subgraph(quantized ? "then_branch" : "else_branch")!;
  const { first } = body.nodes;
  if (first!.op === "Identity" && first!.next === null && !choice.output.isGraphOutput) return first!.input;
  return inlineGraph(editor.before(choice), body, [])[0]!;
}
