import type { Diagnostic, Location } from "../diagnostics.ts";
import type { Node } from "../graph/node.ts";
import { originText } from "../graph/origin.ts";

/**
 * What the verifier finds:
 * - `graph/links`: lists, tables and back references of a graph that disagree;
 * - `graph/uses`: a value's uses that are not the operands that read it, or the other way round;
 * - `graph/undefined-value`: an operand or graph output that is not in scope, or of a node that is gone;
 * - `graph/dangling-value`: a value that nothing defines;
 * - `graph/duplicate-name`: two values of one name in a graph;
 * - `graph/shadowed-name`: a name that means something else around the body (a warning, unless the body means the outer one);
 * - `graph/order`, `graph/cycle`: nodes before the nodes they need, or in need of each other;
 * - `graph/initializer`: data that does not have the type of its value or the length of its type;
 * - `op/arity`: too few or too many operands or results;
 * - `op/attribute`: an attribute of the wrong kind, missing, or (a warning) unknown;
 * - `op/type`: a result's type that contradicts what the op gives;
 * - `op/inference`: inference that failed on the node;
 * - `op/unknown`: an op the ONNX domain does not have (a warning);
 * - `model/opset`: a domain that is used but not imported;
 * - `model/function`: local functions that call each other in a circle, or that are defined twice.
 */
export type VerifyCode =
  | "graph/links"
  | "graph/uses"
  | "graph/undefined-value"
  | "graph/dangling-value"
  | "graph/duplicate-name"
  | "graph/shadowed-name"
  | "graph/order"
  | "graph/cycle"
  | "graph/initializer"
  | "op/arity"
  | "op/attribute"
  | "op/type"
  | "op/inference"
  | "op/unknown"
  | "model/opset"
  | "model/function";

/** Collects findings. */
export class Report {
  readonly findings: Diagnostic[] = [];

  error(code: VerifyCode, message: string, where: Location = {}): void {
    this.findings.push({ code, severity: "error", message, where });
  }

  warning(code: VerifyCode, message: string, where: Location = {}): void {
    this.findings.push({ code, severity: "warning", message, where });
  }

  add(...findings: readonly Diagnostic[]): void {
    this.findings.push(...findings);
  }
}

/** A node in words, for the beginning of a message. */
export function nodeText(node: Node): string {
  return `${node.op} "${node.label}"`;
}

/** Where a node is, and came from. */
export function at(node: Node): Location {
  const origin = originText(node.origin);
  return origin && origin !== node.label ? { node: node.label, origin } : { node: node.label };
}
