import { findUnits, type Backend } from "@lowbit/backend-kit";
import { cloneModel, GraphEditor, newModel, parseGraph } from "@lowbit/ir";
import { foldClampIntoQuantize, integerOperators, padOnCodes, quantizeBeforeClamp } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { codesBy, codesOf, patterns, type Codes, type Pattern } from "./codes.ts";
import { dataOf } from "./graph-data.ts";
import { floatTextOf, textOf } from "./graph-text.ts";
import { opGraphs } from "./op-graphs/all.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";
import { parameterSets, type Parameters } from "./parameter-sets.ts";
import type { Subject } from "./subject.ts";

/** All graphs under their parameters for a backend's codes, as what is shipped and as integer operators. */
export function opSubjects(backend: Backend): readonly Subject[] {
  return subjectsOf(graphsFor(backend), codesOf(backend));
}

/** The same of those graphs only that take different kernels. */
export function thoroughSubjects(backend: Backend): readonly Subject[] {
  return subjectsOf(
    graphsFor(backend).filter(({ isThorough = false }) => isThorough),
    codesOf(backend),
  );
}

function subjectsOf(graphs: readonly OpGraph[], codes: Codes): readonly Subject[] {
  return graphs.flatMap((graph) => parametersFor(graph).map((parameters) => subjectOf(graph, parameters, codes)));
}

/** The graphs that the backend's table has a kernel for. */
export function graphsFor({ capabilities }: Backend): readonly OpGraph[] {
  return opGraphs.filter((graph) => {
    const { units } = findUnits(parseGraph(floatTextOf(graph)), capabilities);
    return units.some(({ anchor }) => anchor.op === graph.op);
  });
}

/** Parameters matter to what computes, and to each kernel rather than to each of an op's forms. */
function parametersFor({ isThorough = false, result }: OpGraph): readonly Parameters[] {
  if (isThorough) return parameterSets;
  return result === "moved" ? parameterSets.slice(0, 1) : parameterSets.filter(({ isForForms = false }) => isForForms);
}

/** What every backend does to what it ships: clamps that codes do anyway leave, and Pad comes on codes. */
const loweredByAll = [foldClampIntoQuantize, quantizeBeforeClamp, padOnCodes];

function subjectOf(graph: OpGraph, parameters: Parameters, codes: Codes): Subject {
  const model = newModel(filled(graph, parameters, codes));
  runPasses(model, loweredByAll);
  const integers = cloneModel(model);
  runPasses(integers, [integerOperators]);
  const feeds = patterns
    .filter((pattern) => usesPattern(graph, pattern))
    .map((pattern) => ({
      x: codesBy(pattern, codes.activation, graph.x, 2),
      ...(graph.z && !graph.isConstantZ ? { z: codesBy(pattern, codes.activation, graph.z, 3) } : {}),
    }));
  return {
    name: `${graph.title}, ${parameters.name}`,
    op: graph.op,
    forms: { qdq: model, integers },
    feeds,
  };
}

/** Elementwise ops are run on all codes, and the others on everything else. */
function usesPattern({ op, x }: OpGraph, pattern: Pattern): boolean {
  const isExhaustive = ["Add", "Mul", "Sigmoid", "LeakyRelu"].includes(op) && x[0] === 256;
  return isExhaustive === (pattern === "all codes");
}

function filled(graph: OpGraph, parameters: Parameters, codes: Codes): ReturnType<typeof parseGraph> {
  const parsed = parseGraph(textOf(graph, codes));
  const editor = new GraphEditor(parsed);
  for (const [name, tensor] of Object.entries(dataOf(graph, parameters, codes))) {
    const value = parsed.value(name);
    if (value?.initializer) editor.setInitializer(value, tensor);
  }
  return parsed;
}
