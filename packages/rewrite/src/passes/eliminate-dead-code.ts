import { GraphEditor } from "@lowbit/ir";
import { graphsWithin } from "../graphs-within.ts";
import { definePass } from "../pass/pass.ts";
import { isDead, removeIfUnused } from "../rule/erase-dead.ts";

/** Removes nodes and initializers that no output depends on. Graph inputs stay: they are the model's signature. */
export const eliminateDeadCode = definePass({
  name: "eliminate-dead-code",
  summary: "Removes nodes and initializers that no output depends on.",
  anyOpset: true,
  run(model) {
    let changed = 0;
    // Bodies before the graphs around them, because they may be the last readers of outer values.
    for (const graph of [...graphsWithin(model.graph)].reverse()) {
      const editor = new GraphEditor(graph);
      for (const node of graph.nodes.reversed()) {
        if (!isDead(node)) continue;
        editor.erase(node);
        changed++;
      }
      for (const value of [...graph.initializers]) if (removeIfUnused(editor, value)) changed++;
    }
    return { changed };
  },
});
