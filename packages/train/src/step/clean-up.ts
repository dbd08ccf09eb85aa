import { newModel, type Graph } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";

/** Removes what a composition of passes leaves behind: unused, repeated and constant nodes. */
export function cleanUp(graph: Graph): void {
  runPasses(newModel(graph), [eliminateDeadCode]);
}
