import type { Node } from "../graph/node.ts";
import type { OpSchema, Trait } from "./define-op.ts";
import { elementwiseOps } from "./elementwise.ts";

/** Every op lowbit knows, by name: the canonical form of ONNX ops and the ops of the `lowbit` domain. */
export const opSchemas = {
  ...elementwiseOps,
};

/** The ops of the typed builder. */
export type OpSchemas = typeof opSchemas;
export type OpName = keyof OpSchemas;

const byDomainAndName = new Map<string, OpSchema>(
  Object.values(opSchemas).map((schema: OpSchema) => [`${schema.domain}:${schema.op}`, schema]),
);

/** The schema of an op, or null for ops and domains lowbit does not know. */
export function schemaOf(op: string, domain = ""): OpSchema | null {
  return byDomainAndName.get(`${domain}:${op}`) ?? null;
}

/** Whether a node's op has a trait; ops without a schema have none. */
export function hasTrait(node: Node, trait: Trait): boolean {
  return schemaOf(node.op, node.domain)?.traits.includes(trait) ?? false;
}
