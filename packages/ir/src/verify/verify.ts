import type { Diagnostic } from "../diagnostics.ts";
import type { Graph } from "../graph/graph.ts";
import { isCanonicalOpset, lowbitDomain, type Model } from "../graph/model.ts";
import { verifyCalls } from "./functions.ts";
import { nestedGraphs } from "./nesting.ts";
import { verifyOperation } from "./operations.ts";
import { at, nodeText, Report } from "./report.ts";
import { verifyStructure } from "./structure.ts";

/** How much a graph is checked. */
export interface VerifyOptions {
  /** The opsets the graph is written in; schemas are asked when the ONNX domain's is the canonical one or newer. */
  readonly opsets?: ReadonlyMap<string, number>;
}

/**
 * Everything that is wrong with a model: its graph, the bodies in it, its local functions and what they call. Empty when
 * it is valid; never throws. Operands, attributes and types are checked where the model is in the canonical opset or a newer one.
 */
export function verifyModel(model: Model): readonly Diagnostic[] {
  const report = new Report();
  const intact = verifyGraphs(model.graph, model.opsets, report);
  for (const local of model.functions) if (!verifyGraphs(local.body, local.opsets, report)) return report.findings;
  if (intact) verifyCalls(model, report);
  return report.findings;
}

/** Everything that is wrong with a graph and the bodies in it; as `verifyModel`, in the canonical opset by default. */
export function verifyGraph(graph: Graph, options: VerifyOptions = {}): readonly Diagnostic[] {
  const report = new Report();
  verifyGraphs(graph, options.opsets ?? null, report);
  return report.findings;
}

/** Whether the nesting is sound, so that others may walk it. */
function verifyGraphs(root: Graph, opsets: ReadonlyMap<string, number> | null, report: Report): boolean {
  const graphs = nestedGraphs(root, report);
  if (graphs === null) return false;
  const canonical = !opsets || isCanonicalOpset(opsets.get(""));
  const imported = new Set(opsets?.keys()).add(lowbitDomain);
  for (const each of graphs) {
    verifyStructure(each, report);
    if (each.graph !== root) verifyNames(each.graph, report);
    for (const node of each.nodes) {
      if (canonical || node.domain !== "") verifyOperation(node, report);
      if (opsets && !imported.has(node.domain)) {
        imported.add(node.domain);
        const domain = node.domain || "ai.onnx";
        report.error("model/opset", `${nodeText(node)} is of domain "${domain}", which is not imported`, at(node));
      }
    }
  }
  return true;
}

/** ONNX wants the names of a body to be new ones; a runtime may not tell them from those around. */
function verifyNames(body: Graph, report: Report): void {
  for (const name of body.values.keys()) {
    for (let scope = body.owner?.graph ?? null; scope; scope = scope.owner?.graph ?? null) {
      if (!scope.values.has(name)) continue;
      report.warning("graph/shadowed-name", `graphs "${scope.name}" and "${body.name}" inside it both have "${name}"`, {
        value: name,
      });
      break;
    }
  }
}
