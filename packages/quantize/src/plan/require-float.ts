import type { Graph } from "@lowbit/ir";
import { computesOnCodes, isConversion } from "../convert/op-kinds.ts";
import { alreadyQuantized } from "../diagnostics.ts";

/** Refuses to plan a model that is quantized already. @throws CompileError `backend/already-quantized` */
export function requireFloat(graph: Graph): void {
  const found = [...graph.nodes].filter(
    (node) => isConversion(node) || computesOnCodes(node) || node.op === "FakeQuantize",
  );
  const [first] = found;
  if (first) throw alreadyQuantized(first, found.length);
}
