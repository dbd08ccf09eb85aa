import { CompileError, GraphEditor, mayNeverRun, type Graph } from "@lowbit/ir";
import { graphsWithin } from "../graphs-within.ts";
import { definePass, type PassContext } from "../pass/pass.ts";
import { Replacer } from "../rule/replacer.ts";
import { constantResults } from "./constant-results.ts";
import { refreshTypes } from "./refresh-types.ts";

const name = "fold-constants";

/**
 * Replaces nodes whose results do not depend on the graph's inputs by initializers. One sweep in graph order does it, and
 * infers the types of the other nodes anew on the way, because what became constant can make shapes known further down.
 */
export const foldConstants = definePass({
  name,
  summary: "Computes what does not depend on the inputs, shape arithmetic included.",
  options: {
    maxBytes: {
      kind: "integer",
      default: 2 ** 22,
      minimum: 0,
      about: "Largest result that is stored, unless the constants it replaces are larger.",
    },
  },
  run(model, context, { maxBytes }) {
    let changed = 0;
    let graphs = graphsWithin(model.graph);
    // Another sweep where there are bodies: what they return is only known after the graph around them was swept.
    for (let before = -1; before !== changed && (before < 0 || graphs.length > 1); graphs = graphsWithin(model.graph)) {
      before = changed;
      for (const graph of graphs) changed += foldGraph(graph, maxBytes, context);
    }
    return { changed };
  },
});

function foldGraph(graph: Graph, maxBytes: number, { explanation }: PassContext): number {
  const editor = new GraphEditor(graph);
  const replacer = new Replacer(editor);
  let changed = 0;
  for (const node of graph.nodes) {
    try {
      if (refreshTypes(editor, node)) changed++;
    } catch (error) {
      if (!(error instanceof CompileError) || !mayNeverRun(node)) throw error;
      explanation?.nearMiss(name, node, { reason: error.diagnostic.message, at: node });
      continue;
    }
    const verdict = constantResults(node, maxBytes);
    if (verdict === null) continue;
    if ("reason" in verdict) {
      explanation?.nearMiss(name, node, { reason: verdict.reason, at: node });
      continue;
    }
    const label = node.label;
    replacer.apply(name, node, [node], ({ constant }) =>
      node.outputs.map((value, index) => {
        const tensor = verdict.tensors[index];
        return value && tensor ? constant(tensor, value.name) : null;
      }),
    );
    explanation?.applied(name, node, [label]);
    changed++;
  }
  return changed;
}
