import type { Backend } from "@lowbit/backend-kit";
import { GraphEditor, inlineGraph, newModel, parseGraph, type Model } from "@lowbit/ir";
import { deployModel, integerOperators, quantizeModel } from "@lowbit/quantize";
import { seededInputs } from "@lowbit/test-models";
import { floatTextOf } from "./graph-text.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";
import { graphsFor } from "./op-subjects.ts";
import type { Subject } from "./subject.ts";

/**
 * All graphs of each op side by side in one float model, as the compiler plans, calibrates and lowers them, with inputs that
 * they were not calibrated on.
 */
export async function compiledSubjects(backend: Backend): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const [op, graphs] of byOp(graphsFor(backend))) {
    const model = sideBySide(graphs);
    const data = [0, 1].map((index) => seededInputs(model, index));
    const { model: qdq, prepared } = await quantizeModel(model, { backend, data });
    const integers = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
    subjects.push({
      name: `${graphs.length} forms of ${op} as compiled`,
      op,
      forms: { qdq, integers },
      feeds: [seededInputs(model, 9)],
    });
  }
  return subjects;
}

function byOp(graphs: readonly OpGraph[]): ReadonlyMap<string, readonly OpGraph[]> {
  const ops = new Map<string, OpGraph[]>();
  for (const graph of graphs) ops.set(graph.op, [...(ops.get(graph.op) ?? []), graph]);
  return ops;
}

/** Graphs as one. What only moves codes follows a sum, since it would not be quantized alone. */
function sideBySide(graphs: readonly OpGraph[]): Model {
  const whole = parseGraph("g () => () {}");
  const editor = new GraphEditor(whole);
  const results = graphs.flatMap((graph, i) => {
    const part = parseGraph(floatTextOf(graph, { afterSum: graph.result === "moved" || graph.op === "Concat" }));
    const inputs = part.inputs.map(({ name, type }) => editor.input(`${name}${i}`, type));
    return inlineGraph(editor, part, inputs);
  });
  editor.setOutputs(results);
  return newModel(whole);
}
