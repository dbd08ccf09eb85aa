import { CompileError } from "../diagnostics.ts";
import type { Node } from "../graph/node.ts";
import { originText } from "../graph/origin.ts";
import type { Value } from "../graph/value.ts";
import { elementCount, isInteger, type Dim, type Shape, type TensorType, type ValueType } from "../types.ts";
import type { InferContext, Inferred, OpSchema } from "./define-op.ts";
import { constantOf, flatElements, knownElements } from "./elements.ts";
import { withOwnSymbols } from "./own-symbol.ts";
import { schemaOf } from "./registry.ts";

/**
 * Runs an op's inference on a node; null when the op has no schema, or the node has attributes that the op's canonical
 * form does not know (an older form: what it means is not what the schema says).
 *
 * A dimension of a result that inference cannot tell gets a symbol of its own, named after the value and the axis.
 *
 * @throws CompileError `shape/mismatch`, `shape/overflow`
 */
export function inferNode(node: Node): Inferred | null {
  const schema = schemaOf(node.op, node.domain);
  if (!schema || !isCanonicalForm(node, schema)) return null;
  const context = inferContext(node);
  const inferred = schema.infer(context);
  const types = inferred.types.map((type, index) => completed(type, node.outputs[index], context));
  if (!inferred.elements) return { types };
  return { types, elements: inferred.elements.map((known, index) => checkedElements(known, types[index] ?? null)) };
}

/** Whether the node uses nothing but the operands and attributes of the op's canonical form. */
export function isCanonicalForm(node: Node, schema: OpSchema): boolean {
  for (const name of node.attributes.keys()) if (!Object.hasOwn(schema.attributes, name)) return false;
  return node.inputs.length <= schema.inputs.length || (schema.inputs.at(-1)?.endsWith("...") ?? false);
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
    constant: (index) => constantOf(value(index)),
    elements: (index) => knownElements(value(index)),
    flatElements: (index) => flatElements(value(index)),
    fail: (message) => failure(node, "shape/mismatch", message),
  };
}

function completed(type: ValueType | null, value: Value | null | undefined, context: InferContext): ValueType | null {
  if (type?.kind !== "tensor" || type.shape === null) return type;
  checkSize(type, type.shape, context);
  return value ? withOwnSymbols(type, value) : type;
}

/** Elements that fit the type they were found with; integers that a number cannot hold exactly are unknown. */
function checkedElements(known: readonly Dim[] | null, type: ValueType | null): readonly Dim[] | null {
  if (known === null || type?.kind !== "tensor" || elementCount(type.shape) !== known.length) return null;
  if (!isInteger(type.dtype)) return known;
  return known.map((element) => (typeof element !== "number" || Number.isSafeInteger(element) ? element : null));
}

function checkSize(type: TensorType, shape: Shape, context: InferContext): void {
  let count = 1;
  for (const dim of shape) if (typeof dim === "number") count *= Math.max(1, dim);
  const bad = shape.find((dim) => typeof dim === "number" && !(Number.isSafeInteger(dim) && dim >= 0));
  if (bad !== undefined) {
    failure(context.node, "shape/overflow", `the result would have a dimension of ${bad} in [${shape.join(",")}]`);
  }
  if (!Number.isSafeInteger(count)) {
    failure(context.node, "shape/overflow", `the result ${type.dtype}[${shape.join(",")}] has too many elements`);
  }
}

function failure(node: Node, code: `shape/${string}`, message: string): never {
  const origin = originText(node.origin);
  throw new CompileError({
    code,
    severity: "error",
    message: `${node.op} "${node.label}": ${message}`,
    where: origin && origin !== node.name ? { node: node.label, origin } : { node: node.label },
  });
}
