/** Finds files that import one another in a circle. Type imports count: what two files both need belongs in a third. */
import { posix } from "node:path";
import { Graph, alg } from "@dagrejs/graphlib";

/**
 * Folders whose files describe one recursive structure, a file per part of it, and so import each other by nature: a graph
 * has nodes, whose attributes are graphs; ONNX's messages contain each other likewise.
 */
const recursive = ["packages/ir/src/graph/", "packages/onnx-proto/src/messages/"];

/**
 * One sentence for each circle, naming its files in alphabetical order; an empty list when there are none.
 *
 * @param {readonly import("./import-rules.mjs").SourceFile[]} files
 * @returns {string[]}
 */
export function importCycles(files) {
  const graph = new Graph();
  for (const { path, imports } of files) {
    for (const specifier of imports) {
      if (specifier.startsWith(".")) graph.setEdge(path, posix.join(posix.dirname(path), specifier));
    }
  }
  return alg
    .findCycles(graph)
    .filter((circle) => !recursive.some((folder) => circle.every((path) => path.startsWith(folder))))
    .map((circle) => `files import one another in a circle: ${circle.toSorted().join(", ")}`)
    .sort();
}
