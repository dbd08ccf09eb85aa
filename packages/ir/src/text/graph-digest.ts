import { createHash } from "node:crypto";
import type { Graph } from "../graph/graph.ts";
import { printGraph } from "./print.ts";

/** A digest (SHA-256, in hexadecimal digits) of a graph: its structure, and the data of its initializers. */
export function graphDigest(graph: Graph): string {
  const hash = createHash("sha256").update(printGraph(graph, { maxElements: 0 }));
  for (const { name, initializer } of graph.initializers) hash.update(name).update(initializer!.bytes());
  return hash.digest("hex");
}
