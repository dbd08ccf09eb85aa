import type { Graph, Value } from "@lowbit/ir";
import { namedByLayer } from "../step/parameter-names.ts";
import { chooseParameters, describeParameter } from "../step/parameters.ts";
import type { FitOptions, ParameterChoice } from "./fit-options.ts";

/** What a training would choose of a graph's parameters; null where all of them are trained. @throws CompileError `train/no-parameters` */
export function parameterChoice(
  graph: Graph,
  { parameters, frozen }: Pick<FitOptions, "parameters" | "frozen">,
): ParameterChoice | null {
  if (!parameters && !frozen) return null;
  const { chosen, learned } = chooseParameters(graph, parameters, frozen);
  const all = new Set([...learned, ...chosen]);
  return {
    names: [...chosen].map(({ name }) => name),
    texts: [...chosen].map((value) => namedByLayer(describeParameter(value))),
    of: all.size,
    elements: elementsOf(chosen),
    ofElements: elementsOf(all),
  };
}

function elementsOf(values: ReadonlySet<Value>): number {
  return [...values].reduce((sum, { initializer }) => sum + initializer!.size, 0);
}
