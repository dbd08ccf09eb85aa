import type { Node } from "../graph/node.ts";
import { activationOps } from "./activation.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { attentionOps } from "./attention.ts";
import { castOps } from "./cast.ts";
import { controlFlowOps } from "./control-flow.ts";
import { convOps } from "./conv.ts";
import type { OpSchema, Trait } from "./define-op.ts";
import { gatherOps } from "./gather.ts";
import { generateOps } from "./generate.ts";
import { logicOps } from "./logic.ts";
import { lossOps } from "./loss.ts";
import { lowbitOps } from "./lowbit.ts";
import { mathOps } from "./math.ts";
import { matmulOps } from "./matmul.ts";
import { microsoftOps } from "./microsoft.ts";
import { normalizationOps } from "./normalization.ts";
import { poolOps } from "./pool.ts";
import { quantizationOps } from "./quantization.ts";
import { randomOps } from "./random.ts";
import { recurrentOps } from "./recurrent.ts";
import { reduceOps } from "./reduce.ts";
import { resizeOps } from "./resize.ts";
import { sequenceOps } from "./sequence.ts";
import { shapeOps } from "./shape.ts";
import { signalOps } from "./signal.ts";
import { textOps } from "./text.ts";
import { trainingOps } from "./training.ts";

/** Every op lowbit knows, by name: the canonical form of ONNX ops and the ops of other domains. */
export const opSchemas = {
  ...activationOps,
  ...arithmeticOps,
  ...attentionOps,
  ...castOps,
  ...controlFlowOps,
  ...convOps,
  ...gatherOps,
  ...generateOps,
  ...logicOps,
  ...lossOps,
  ...lowbitOps,
  ...mathOps,
  ...matmulOps,
  ...microsoftOps,
  ...normalizationOps,
  ...poolOps,
  ...quantizationOps,
  ...randomOps,
  ...recurrentOps,
  ...reduceOps,
  ...resizeOps,
  ...sequenceOps,
  ...shapeOps,
  ...signalOps,
  ...textOps,
  ...trainingOps,
};

/** The ops of the typed builder. */
export type OpSchemas = typeof opSchemas;
/** The name of an op that the typed builder makes. */
export type OpName = keyof OpSchemas;

const byDomain = new Map<string, Map<string, OpSchema>>();
for (const schema of Object.values(opSchemas) as readonly OpSchema[]) {
  byDomain.set(schema.domain, (byDomain.get(schema.domain) ?? new Map<string, OpSchema>()).set(schema.op, schema));
}

/** The schema of an op, or null for ops and domains lowbit does not know. */
export function schemaOf(op: string, domain = ""): OpSchema | null {
  return byDomain.get(domain)?.get(op) ?? null;
}

/** Whether a node's op has a trait; ops without a schema have none. */
export function hasTrait(node: Node, trait: Trait): boolean {
  return schemaOf(node.op, node.domain)?.traits.includes(trait) ?? false;
}
