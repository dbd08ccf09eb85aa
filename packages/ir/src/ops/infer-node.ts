import { CompileError } from "../diagnostics.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { isInteger, type Dim } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { schemaOf } from "./registry.ts";
import { originText } from "../graph/origin.ts";

/** Largest constant whose elements shape arithmetic looks at. */
const maxElements = 64;

/** Runs an op's inference on a node; null when the op has no schema. @throws CompileError `shape/mismatch` */
export function inferNode(node: Node): Inferred | null {
  const schema = schemaOf(node.op, node.domain);
  return schema && schema.infer(inferContext(node));
}

/** The questions inference may ask, answered from a node's operands. */
export function inferContext(node: Node): InferContext {
  const value = (index: number): Value | null => node.inputs[index] ?? null;
  return {
    node,
    inputCount: node.inputs.length,
    outputCount: node.outputs.length,
    type: (index) => value(index)?.type ?? null,
    dtype: (index) => value(index)?.dtype ?? null,
    shape: (index) => value(index)?.shape ?? null,
    has: (index) => value(index) !== null,
    constant: (index) => value(index)?.constant ?? null,
    elements: (index) => knownElements(value(index)),
    fail(message) {
      const origin = originText(node.origin);
      throw new CompileError({
        code: "shape/mismatch",
        severity: "error",
        message: `${node.op} "${node.label}": ${message}`,
        where: origin && origin !== node.name ? { node: node.label, origin } : { node: node.label },
      });
    },
  };
}

/** Known integer elements of a small rank-0 or rank-1 value: shape arithmetic's view of it. */
export function knownElements(value: Value | null): readonly Dim[] | null {
  if (value === null) return null;
  if (value.elements) return value.elements;
  const data = value.constant;
  if (!data || data.dims.length > 1 || data.size > maxElements || !isInteger(data.dtype)) return null;
  return [...data.numbers()];
}
