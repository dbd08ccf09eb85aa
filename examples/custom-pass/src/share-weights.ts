import { createHash } from "node:crypto";
import { definePass, GraphEditor, graphsWithin, type Graph, type Tensor, type Value } from "lowbit";

/** Keeps one of several initializers with the same data; what read the others reads it. */
export const shareWeights = definePass({
  name: "share-weights",
  summary: "Keeps one of several initializers with the same data.",
  options: {
    minBytes: { kind: "integer", default: 1024, minimum: 0, about: "Smallest initializer that is compared." },
  },
  run(model, context, { minBytes }) {
    let changed = 0;
    for (const graph of graphsWithin(model.graph)) changed += shareIn(graph, minBytes);
    if (changed > 0) {
      const message = `${changed} initializers had the same data as another one`;
      context.report({ code: "weights/shared", severity: "note", message });
    }
    return { changed };
  },
});

function shareIn(graph: Graph, minBytes: number): number {
  const editor = new GraphEditor(graph);
  const seen = new Map<string, Value>();
  let changed = 0;
  for (const value of [...graph.initializers]) {
    // Null for data that callers may override or training changes: equal now is not equal later.
    const data = value.constant;
    if (data === null || value.isGraphOutput || data.source.byteLength < minBytes) continue;
    const key = contentKey(data);
    const first = seen.get(key);
    if (first) {
      editor.replaceAllUses(value, first);
      editor.removeInitializer(value);
      changed++;
    } else seen.set(key, value);
  }
  return changed;
}

function contentKey(data: Tensor): string {
  return `${data.dtype}[${data.dims.join()}] ${createHash("sha256").update(data.bytes()).digest("hex")}`;
}
