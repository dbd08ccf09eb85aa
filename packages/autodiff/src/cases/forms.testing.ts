import { lowbitDomain, parseGraph, schemaOf } from "@lowbit/ir";
import { formsOfNode, formsOfSchema } from "@lowbit/test-models";
import { caseText } from "./differentiate-case.testing.ts";
import type { GradientCase } from "./gradient-case.testing.ts";

/** What a case for an op can look like, as its schema tells. */
function formsOf(op: string): readonly string[] {
  return formsOfSchema(op, schemaOf(op) ?? schemaOf(op, lowbitDomain)!, { results: true });
}

/** The forms of ops that no case has. */
export function formsWithoutCase(ops: readonly string[], cases: readonly GradientCase[]): readonly string[] {
  const covered = new Set<string>();
  for (const row of cases) {
    for (const node of parseGraph(caseText(row)).nodes) {
      if (node.op === row.op) for (const form of formsOfNode(node, node.op, true)) covered.add(form);
    }
  }
  return ops.flatMap(formsOf).filter((form) => !covered.has(form));
}
