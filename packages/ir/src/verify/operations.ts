import { CompileError, type Diagnostic } from "../diagnostics.ts";
import type { Attribute } from "../graph/attribute.ts";
import { mayNeverRun } from "../graph/may-never-run.ts";
import type { Node } from "../graph/node.ts";
import { arity, type OpSchema } from "../ops/define-op.ts";
import { inferNode } from "../ops/infer-node.ts";
import { schemaOf } from "../ops/registry.ts";
import { typeText, type Shape, type ValueType } from "../types.ts";
import { at, nodeText, type Report } from "./report.ts";

/** Checks a node in canonical form against the schema of its op: operands, results, attributes, and types of results. */
export function verifyOperation(node: Node, report: Report): void {
  const schema = schemaOf(node.op, node.domain);
  if (!schema) {
    if (node.domain === "") report.warning("op/unknown", `${nodeText(node)}: no such op is known`, at(node));
    return;
  }
  verifyCount(node, "operand", node.inputs, schema.inputs, report);
  verifyCount(node, "result", node.outputs, schema.outputs, report);
  verifyAttributes(node, schema, report);
  verifyTypes(node, report);
}

function verifyCount(
  node: Node,
  what: "operand" | "result",
  found: readonly (object | null)[],
  names: readonly string[],
  report: Report,
): void {
  const last = names.at(-1);
  const open = last !== undefined && arity(last) === "variadic";
  if (found.length > names.length && !open) {
    report.error(
      "op/arity",
      `${nodeText(node)} has ${found.length} ${what}s, at most ${names.length} are known`,
      at(node),
    );
  }
  // An omitted result is one that nobody wants.
  if (what === "result") return;
  for (const [index, name] of names.entries()) {
    if (arity(name) === "one" && (found[index] ?? null) === null) {
      report.error("op/arity", `${nodeText(node)} lacks operand ${index}, "${name}"`, at(node));
    }
  }
}

function verifyAttributes(node: Node, schema: OpSchema, report: Report): void {
  for (const [name, attribute] of node.attributes) {
    const known = Object.hasOwn(schema.attributes, name) ? schema.attributes[name] : undefined;
    const kind = kindOf(attribute);
    if (!known)
      report.warning("op/attribute", `${nodeText(node)} has an attribute "${name}" that is not known`, at(node));
    else if (kind !== known.kind) {
      report.error(
        "op/attribute",
        `${nodeText(node)}: attribute "${name}" is ${kind}, must be ${known.kind}`,
        at(node),
      );
    }
  }
  for (const [name, { required }] of Object.entries(schema.attributes)) {
    if (required && !node.attributes.has(name)) {
      report.error("op/attribute", `${nodeText(node)} lacks attribute "${name}"`, at(node));
    }
  }
}

function kindOf(attribute: Attribute): string {
  return attribute.kind === "ref" ? attribute.of : attribute.kind;
}

function verifyTypes(node: Node, report: Report): void {
  let types: readonly (ValueType | null)[];
  try {
    types = inferNode(node)?.types ?? [];
  } catch (error) {
    if (error instanceof CompileError) report.add(...(mayNeverRun(node) ? asWarnings(error) : error.diagnostics));
    else report.error("op/inference", `${nodeText(node)}: inference failed: ${String(error)}`, at(node));
    return;
  }
  node.outputs.forEach((value, index) => {
    const type = types[index] ?? null;
    if (value && contradict(value.type, type)) {
      report.error(
        "op/type",
        `${nodeText(node)}: result "${value.name}" is declared ${typeText(value.type)}, the op gives ${typeText(type)}`,
        at(node),
      );
    }
  });
}

function asWarnings({ diagnostics }: CompileError): readonly Diagnostic[] {
  return diagnostics.map((each) => ({ ...each, severity: "warning" }));
}

/** Whether no value can have both types; what one of them leaves open contradicts nothing. */
function contradict(a: ValueType | null, b: ValueType | null): boolean {
  if (a === null || b === null) return false;
  if (a.kind !== b.kind) return true;
  if (a.kind === "tensor" && b.kind === "tensor") return a.dtype !== b.dtype || shapesContradict(a.shape, b.shape);
  if (a.kind === "sequence" && b.kind === "sequence") return contradict(a.element, b.element);
  if (a.kind === "optional" && b.kind === "optional") return contradict(a.element, b.element);
  return false;
}

function shapesContradict(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null) return false;
  if (a.length !== b.length) return true;
  return a.some((dim, axis) => typeof dim === "number" && typeof b[axis] === "number" && dim !== b[axis]);
}
