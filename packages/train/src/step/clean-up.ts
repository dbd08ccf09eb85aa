import { newModel, type Graph } from "@lowbit/ir";
import { commonSubexpressions, eliminateDeadCode, eliminateIdentity, foldConstants, runPasses } from "@lowbit/rewrite";

/** Removes what a composition of passes leaves behind: constant, idle, repeated and unused nodes. */
export function cleanUp(graph: Graph): void {
  runPasses(newModel(graph), [foldConstants, eliminateIdentity, commonSubexpressions, eliminateDeadCode]);
}
