import {
  isCanonicalForm,
  lowbitDomain,
  schemaOf,
  sinceOf,
  type Graph,
  type LocalFunction,
  type Model,
  type Node,
} from "@lowbit/ir";
import { definePass, graphsWithin } from "@lowbit/rewrite";

/** IR version that readers of older opsets know; what came later serves newer opsets only. */
const commonIrVersion = 8;

/** IR versions that an opset needs beyond the common one: float8 came with 9, 4-bit integers with 10. */
const neededIrVersions: readonly (readonly [opset: number, irVersion: number])[] = [
  [21, 10],
  [19, 9],
];

/**
 * Opsets from which ops take codes too that are younger than the ops: ONNX Runtime moves an op between DequantizeLinear and
 * QuantizeLinear onto codes where the declared opset has it for them, and also where only its own kernel is younger. The float bias
 * behind a product it rounds to codes by Round, which came with 11.
 */
const takesCodes: Readonly<Record<string, number>> = { MatMul: 11, Gemm: 11, Conv: 11, MaxPool: 12, DepthToSpace: 13 };

/** Declares the oldest opset in which every node of a model means what it does, so that more runtimes read the file. */
export const lowestOpset = definePass({
  name: "lowest-opset",
  summary:
    "Declares the oldest opset in which every node of the model means the same, and runs on codes where it stands between them.",
  anyOpset: true,
  run(model) {
    const needed = neededOpset(model);
    const declared = model.opsets.get("");
    const removed = model.opsets.delete(lowbitDomain);
    if (needed === null || declared === undefined || needed >= declared) return { changed: removed ? 1 : 0 };
    model.opsets.set("", needed);
    const irVersion = neededIrVersions.find(([opset]) => needed >= opset)?.[1] ?? commonIrVersion;
    model.irVersion = Math.min(model.irVersion, irVersion);
    return { changed: 1 };
  },
});

/** The oldest opset for all nodes; null when some node has no facts that tell. */
function neededOpset(model: Model): number | null {
  const graphs = [model.graph, ...model.functions.map((each: LocalFunction) => each.body)].flatMap(graphsWithin);
  // Sub-byte and per-axis codes need 13 or later anyhow, and 7 is where broadcasting got today's form.
  let opset = 7;
  for (const graph of graphs) {
    const since = neededBy(graph);
    if (since === null) return null;
    opset = Math.max(opset, since);
  }
  return opset;
}

function neededBy(graph: Graph): number | null {
  let opset = 0;
  for (const node of graph.nodes) {
    if (node.domain !== "") continue;
    const schema = schemaOf(node.op);
    if (!schema || !isCanonicalForm(node, schema)) return null;
    const onCodes = readsCodes(node) ? (takesCodes[node.op] ?? 0) : 0;
    opset = Math.max(opset, sinceOf(schema, node), onCodes);
  }
  return opset;
}

/** Whether a node's data are codes, or will be when ONNX Runtime has dropped the conversion before it. */
function readsCodes({ inputs: [data] }: Node): boolean {
  return data?.producer?.is("DequantizeLinear") === true || data?.dtype === "uint8" || data?.dtype === "int8";
}
