import type { Diagnostic } from "../diagnostics.ts";
import type { Node } from "../graph/node.ts";
import { originText } from "../graph/origin.ts";

/** A node whose older form has no equivalent in the opset asked for. */
export function unsupported(node: Node, from: number, to: number, reason: string): Diagnostic {
  const origin = originText(node.origin);
  return {
    code: "opset/unsupported",
    severity: "error",
    message: `${node.op} "${node.label}" cannot be converted from opset ${from} to ${to}: ${reason}`,
    where: origin && origin !== node.label ? { node: node.label, origin } : { node: node.label },
    help: "export the model again in a newer opset",
  };
}
