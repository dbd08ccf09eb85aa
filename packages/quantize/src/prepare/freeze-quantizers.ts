import { GraphEditor, lowbitDomain, type Graph, type Value } from "@lowbit/ir";

/**
 * Makes the parameters of all FakeQuantize of activations constants, in place: their ranges must no longer move. Scales of
 * weights go on following their data, in the ratio that was learned, if any. Returns how many initializers became constant.
 */
export function freezeQuantizers(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let frozen = 0;
  for (const value of sourcesOfParameters(graph)) {
    if (!value.initializer || value.role === "constant") continue;
    editor.setRole(value, "constant");
    frozen++;
  }
  return frozen;
}

/** What scales and zero points are computed from, short of the data whose range is observed. */
function sourcesOfParameters(graph: Graph): ReadonlySet<Value> {
  const found = new Set<Value>();
  const pending: Value[] = [];
  for (const node of graph.nodes) {
    if (node.is("FakeQuantize", lowbitDomain)) pending.push(...node.inputs.slice(1).filter((value) => value !== null));
  }
  for (let value = pending.pop(); value; value = pending.pop()) {
    if (found.has(value)) continue;
    found.add(value);
    const { producer } = value;
    if (producer && !producer.is("ObserveRange", lowbitDomain)) {
      pending.push(...producer.inputs.filter((operand) => operand !== null));
    }
  }
  return found;
}
