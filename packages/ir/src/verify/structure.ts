import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { byteLength, elementCount, sameType, typeText } from "../types.ts";
import type { GraphNodes } from "./nesting.ts";
import { verifyOrder } from "./order.ts";
import { at, nodeText, type Report } from "./report.ts";

/** Checks that tables, names, use lists and order of one graph fit together; bodies inside it are looked at elsewhere. */
export function verifyStructure({ graph, nodes }: GraphNodes, report: Report): void {
  const around = graphsAround(graph);
  verifyValues(graph, report);
  for (const node of nodes) {
    verifyOperands(node, around, report);
    verifyResults(node, report);
  }
  for (const value of graph.outputs) {
    if (!inScope(value, around)) {
      report.error("graph/undefined-value", `graph "${graph.name}" returns "${value.name}", which is not in scope`, {
        value: value.name,
      });
    } else if (!value.returnedBy.has(graph)) {
      report.error("graph/uses", `"${value.name}" does not know that graph "${graph.name}" returns it`, {
        value: value.name,
      });
    }
  }
  verifyOrder({ graph, nodes }, report);
}

function verifyValues(graph: Graph, report: Report): void {
  const inputs = new Set(graph.inputs);
  if (inputs.size < graph.inputs.length) report.error("graph/links", `graph "${graph.name}" lists an input twice`);
  for (const listed of [...graph.inputs, ...graph.initializers]) {
    if (graph.values.get(listed.name) !== listed) {
      report.error("graph/duplicate-name", `"${listed.name}" is not the value of that name in graph "${graph.name}"`, {
        value: listed.name,
      });
    }
  }
  for (const [name, value] of graph.values) verifyValue(graph, name, value, inputs, report);
}

function verifyValue(graph: Graph, name: string, value: Value, inputs: ReadonlySet<Value>, report: Report): void {
  const where = { value: name };
  if (value.name !== name || value.graph !== graph) {
    report.error(
      "graph/links",
      `the value listed as "${name}" is "${value.name}" of graph "${value.graph.name}"`,
      where,
    );
  }
  if (value.isGraphInput !== inputs.has(value) || (value.initializer !== null) !== graph.initializers.has(value)) {
    report.error("graph/links", `"${name}" and its graph disagree on whether it is an input or has data`, where);
  }
  const { producer } = value;
  if (producer === null) {
    if (!value.isGraphInput && value.initializer === null) {
      report.error("graph/dangling-value", `"${name}" is no input, has no data, and no node computes it`, where);
    }
  } else if (value.isGraphInput || value.initializer !== null) {
    report.error("graph/duplicate-name", `"${name}" is computed by ${nodeText(producer)} and also given`, where);
  } else if (producer.erased || producer.graph !== graph || producer.outputs[value.outputIndex] !== value) {
    report.error("graph/dangling-value", `"${name}" is not what ${nodeText(producer)} computes`, where);
  }
  for (const use of value.uses) {
    if (use.node.erased || use.node.inputs[use.index] !== value) {
      report.error(
        "graph/uses",
        `"${name}" lists operand ${use.index} of ${nodeText(use.node)}, which reads another value`,
        where,
      );
    }
  }
  for (const returning of value.returnedBy) {
    if (!returning.outputs.includes(value)) {
      report.error("graph/uses", `"${name}" is not returned by graph "${returning.name}"`, where);
    }
  }
  if (value.initializer !== null) verifyInitializer(value, report);
}

function verifyInitializer(value: Value, report: Report): void {
  const tensor = value.initializer!;
  const where = { value: value.name };
  if (!value.isGraphInput && !sameType(value.type, tensor.type)) {
    report.error(
      "graph/initializer",
      `"${value.name}" is ${typeText(value.type)} but its data is ${typeText(tensor.type)}`,
      where,
    );
  }
  const count = elementCount(tensor.dims);
  const valid = count !== null && Number.isSafeInteger(count) && tensor.dims.every((dim) => dim >= 0);
  const needed = valid && tensor.strings === null ? byteLength(tensor.dtype, count) : null;
  const found = tensor.strings === null ? tensor.source.byteLength : tensor.strings.length;
  if (!valid || found !== (needed ?? count)) {
    report.error(
      "graph/initializer",
      `"${value.name}" is ${typeText(tensor.type)} but has ${found} bytes of data`,
      where,
    );
  }
}

function verifyOperands(node: Node, around: ReadonlySet<Graph>, report: Report): void {
  if (node.operands.length !== node.inputs.length) {
    report.error(
      "graph/links",
      `${nodeText(node)} has ${node.inputs.length} operands and ${node.operands.length} slots`,
      at(node),
    );
    return;
  }
  node.inputs.forEach((value, index) => {
    const slot = node.operands[index]!;
    if (slot.node !== node || slot.index !== index) {
      report.error("graph/links", `slot ${index} of ${nodeText(node)} is of another node or operand`, at(node));
    }
    if (value === null) return;
    if (!inScope(value, around)) {
      report.error("graph/undefined-value", `${nodeText(node)} reads "${value.name}", which is not in scope`, at(node));
      return;
    }
    if (!value.uses.has(slot)) {
      report.error("graph/uses", `"${value.name}" does not know that ${nodeText(node)} reads it`, at(node));
    }
    verifyMeaning(node, value, report);
  });
}

/** In a file, a name means the value of the innermost graph that has it. */
function verifyMeaning(node: Node, value: Value, report: Report): void {
  for (let scope: Graph | null = node.graph; scope !== null && scope !== value.graph; scope = graphAround(scope)) {
    if (scope.values.has(value.name)) {
      report.error(
        "graph/shadowed-name",
        `${nodeText(node)} reads "${value.name}" of graph "${value.graph.name}", but graph "${scope.name}" has that name too`,
        at(node),
      );
    }
  }
}

function verifyResults(node: Node, report: Report): void {
  node.outputs.forEach((value, index) => {
    if (value === null) return;
    if (value.producer !== node || value.outputIndex !== index) {
      report.error("graph/links", `result ${index} of ${nodeText(node)} is of another node or place`, at(node));
    }
    if (node.graph.values.get(value.name) !== value) {
      report.error(
        "graph/duplicate-name",
        `result "${value.name}" of ${nodeText(node)} is not the value of that name`,
        at(node),
      );
    }
  });
}

/** Whether a graph may read a value: it belongs to the graph itself or to one around it, and is still there. */
function inScope(value: Value, around: ReadonlySet<Graph>): boolean {
  return around.has(value.graph) && value.graph.values.get(value.name) === value;
}

function graphsAround(graph: Graph): ReadonlySet<Graph> {
  const around = new Set<Graph>();
  for (let scope: Graph | null = graph; scope !== null && !around.has(scope); scope = graphAround(scope)) {
    around.add(scope);
  }
  return around;
}

function graphAround(graph: Graph): Graph | null {
  return graph.owner?.graph ?? null;
}
