import { GraphEditor } from "@lowbit/ir";
import { definePass } from "../pass/pass.ts";

/**
 * Takes initializers out of the graph's inputs. Files before IR version 4 had to list them there, which makes every weight
 * a default that callers may override, so nothing could be folded.
 */
export const initializersNotInputs = definePass({
  name: "initializers-not-inputs",
  summary: "Takes initializers out of the graph's inputs, so that their data is constant.",
  anyOpset: true,
  run(model, context) {
    const editor = new GraphEditor(model.graph);
    const listed = model.graph.inputs.filter((value) => value.initializer);
    for (const value of listed) editor.removeInput(value);
    if (listed.length === 0) return { changed: 0 };
    model.irVersion = Math.max(model.irVersion, 4);
    context.report({
      code: "signature/initializers-not-inputs",
      severity: "note",
      message: `${listed.length} initializers are no longer inputs that callers can override, ${listed[0]!.name} the first`,
    });
    return { changed: listed.length };
  },
});
