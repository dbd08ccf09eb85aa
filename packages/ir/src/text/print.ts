import { graphsOf, type AttributeKind } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { LocalFunction, Model } from "../graph/model.ts";
import type { Node } from "../graph/node.ts";
import { originText } from "../graph/origin.ts";
import { CompileError } from "../diagnostics.ts";
import type { Value } from "../graph/value.ts";
import { sinceOf } from "../ops/define-op.ts";
import { inferNode } from "../ops/infer-node.ts";
import { schemaOf } from "../ops/registry.ts";
import type { Tensor } from "../tensor.ts";
import { isInteger, isStatic, sameShape, sameType, typeText, type ValueType } from "../types.ts";
import { quotable, quoted } from "./identifier.ts";
import { attributeText, type AttributeLayout } from "./print-attribute.ts";
import { dataText } from "./print-literal.ts";
import { bodyName, declaredName } from "./print-name.ts";

/** How graphs are printed. */
export interface PrintOptions {
  /**
   * Which types of inner values to print: those that reading the text back would not infer, all, or none.
   * Default: `needed`.
   */
  readonly types?: "needed" | "all" | "none";
  /** Whether nodes made by rewrites say in a comment where they came from. Default: false. */
  readonly origins?: boolean;
  /**
   * Most elements of a tensor that is printed with its data. Default: 16; integer tensors of rank 0 or 1 print up to
   * 64 in any case, because shapes are computed from them.
   */
  readonly maxElements?: number;
}

interface PrintContext extends PrintOptions {
  readonly opsets: ReadonlyMap<string, number>;
}

/** Widest line of declarations before they take a line each. */
const lineWidth = 100;
const shapeElements = 64;

/** A model in the official ONNX textual syntax: header, graph, local functions. `parseModel` reads it back. */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const entries = [`ir_version: ${model.irVersion}`, `opset_import: ${opsetsText(model.opsets)}`];
  const string = (key: string, value: string): void => {
    if (value !== "") entries.push(`${key}: ${quoted(value)}`);
  };
  string("producer_name", model.producerName);
  string("producer_version", model.producerVersion);
  string("domain", model.domain);
  if (model.modelVersion !== 0) entries.push(`model_version: ${model.modelVersion}`);
  string("doc_string", model.docString);
  if (model.metadata.size > 0) {
    const pairs = [...model.metadata].map(([key, value]) => `${quoted(key)}: ${quoted(value)}`);
    entries.push(`metadata_props: [${pairs.join(", ")}]`);
  }
  const context: PrintContext = { ...options, opsets: model.opsets };
  const parts = [`<${entries.join(", ")}>\n${graphText(model.graph, quotable(model.graph.name), "", context)}`];
  for (const local of model.functions) parts.push(printFunction(local, context));
  return parts.join("\n\n");
}

/**
 * A graph in the official ONNX textual syntax; `parseGraph` reads it back. Large tensors print without data. Roles and
 * origins stand in comments.
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return graphText(graph, quotable(graph.name), "", { ...options, opsets: new Map() });
}

function printFunction(local: LocalFunction, context: PrintContext): string {
  const entries = [`domain: ${quoted(local.domain)}`];
  if (local.overload !== "") entries.push(`overload: ${quoted(local.overload)}`);
  entries.push(`opset_import: ${opsetsText(local.opsets)}`);
  if (local.docString !== "") entries.push(`doc_string: ${quoted(local.docString)}`);
  const formals = local.attributes.map(({ name, default: value }) => {
    const text = value && attributeText(name, value, attributeLayout(null, "", context));
    return text ?? quotable(name);
  });
  const attributes = formals.length === 0 ? "" : ` <${formals.join(", ")}>`;
  const head = `${quotable(local.name)}${attributes}`;
  const types = context.types === "none" ? "none" : "all";
  return `<${entries.join(", ")}>\n${graphText(local.body, head, "", { ...context, types })}`;
}

function opsetsText(opsets: ReadonlyMap<string, number>): string {
  return `[${[...opsets].map(([domain, version]) => `${quoted(domain)} : ${version}`).join(", ")}]`;
}

function graphText(graph: Graph, head: string, indent: string, context: PrintContext): string {
  const inputs = graph.inputs.map((value) => {
    const data = value.initializer && inlineDefault(value, context) ? ` = ${dataText(value.initializer)}` : "";
    return typedName(value) + data;
  });
  const outputs = graph.outputs.map(typedName);
  const lines = [`${head} (${inputs.join(", ")}) => (${outputs.join(", ")})`];
  lines.push(...declarationLines(graph, indent, context));
  const inner = `${indent}  `;
  const body = [...graph.nodes].map((node) => inner + nodeText(node, inner, context));
  if (lines.length === 1) lines[0] += " {";
  else lines[lines.length - 1] += " {";
  if (body.length === 0) return `${lines.join("\n")}}`;
  return [...lines, ...body, `${indent}}`].join("\n");
}

function typedName(value: Value): string {
  return value.type === null ? valueName(value) : `${typeText(value.type)} ${valueName(value)}`;
}

function valueName(value: Value | null): string {
  return value === null ? '""' : declaredName(value.name);
}

/** Whether a graph input's default prints in the list of inputs: it has the input's own static type, and is small. */
function inlineDefault(value: Value, context: PrintContext): boolean {
  const { initializer, shape } = value;
  return (
    initializer !== null &&
    value.role === "constant" &&
    hasData(initializer, context) &&
    isStatic(shape) &&
    value.dtype === initializer.dtype &&
    sameShape(shape, initializer.dims)
  );
}

/** The list in angle brackets: initializers, then types of inner values. One line if it fits and no role is said. */
function declarationLines(graph: Graph, indent: string, context: PrintContext): string[] {
  const entries: { text: string; role: string }[] = [];
  for (const value of graph.initializers) {
    if (inlineDefault(value, context) && value.isGraphInput) continue;
    const tensor = value.initializer!;
    const data = hasData(tensor, context) ? ` = ${dataText(tensor)}` : "";
    const role = value.role === "constant" ? "" : `  # ${value.role}`;
    entries.push({ text: `${typeText(tensor.type)} ${valueName(value)}${data}`, role });
  }
  for (const value of declaredValues(graph, context)) entries.push({ text: typedName(value), role: "" });
  if (entries.length === 0) return [];
  const line = `${indent}<${entries.map((entry) => entry.text).join(", ")}>`;
  if (line.length <= lineWidth && !line.includes("\n") && entries.every((entry) => entry.role === "")) return [line];
  const last = entries.length - 1;
  return [
    `${indent}<`,
    ...entries.map((entry, index) => `${indent}  ${entry.text}${index < last ? "," : ""}${entry.role}`),
    `${indent}>`,
  ];
}

function hasData(tensor: Tensor, { maxElements = 16 }: PrintContext): boolean {
  const { size } = tensor;
  return size <= maxElements || (size <= shapeElements && tensor.dims.length <= 1 && isInteger(tensor.dtype));
}

function declaredValues(graph: Graph, { types = "needed", opsets }: PrintContext): Value[] {
  if (types === "none") return [];
  const returned = new Set(graph.outputs);
  const values: Value[] = [];
  for (const node of graph.nodes) {
    const inferred = types === "all" ? [] : inferredTypes(node, opsets);
    node.outputs.forEach((value, index) => {
      if (value === null || value.type === null || returned.has(value)) return;
      if (!sameType(value.type, inferred[index] ?? null)) values.push(value);
    });
  }
  return values;
}

/** What the parser will infer for a node; nothing where inference finds a fault or the model's opset is too old. */
function inferredTypes(node: Node, opsets: PrintContext["opsets"]): readonly (ValueType | null)[] {
  const schema = schemaOf(node.op, node.domain);
  if (schema === null || (opsets.get(node.domain) ?? Infinity) < sinceOf(schema, node)) return [];
  try {
    return inferNode(node)?.types ?? [];
  } catch (error) {
    if (error instanceof CompileError) return [];
    throw error;
  }
}

function nodeText(node: Node, indent: string, context: PrintContext): string {
  const label = node.name === "" ? "" : `[${quotable(node.name)}] `;
  const outputs = node.outputs.map(valueName).join(", ");
  const op = `${domainPrefix(node.domain)}${quotable(node.op)}${node.overload === "" ? "" : `:${quotable(node.overload)}`}`;
  const comments: string[] = [];
  const attributes: string[] = [];
  const schema = schemaOf(node.op, node.domain);
  for (const [name, attribute] of node.attributes) {
    const layout = attributeLayout(schema?.attributes[name]?.kind ?? null, `${indent}  `, context);
    const text = attributeText(name, attribute, layout);
    if (text === null) comments.push(`not shown: ${attribute.kind} attribute ${quotable(name)}`);
    else attributes.push(text);
  }
  const operands = ` (${node.inputs.map(valueName).join(", ")})`;
  if (context.origins && node.origin?.kind === "rewrite") comments.push(originText(node.origin));
  const comment = comments.length === 0 ? "" : `  # ${comments.join("; ").replace(/\s+/g, " ")}`;
  const left = `${label}${outputs}${outputs === "" ? "" : " "}= ${op}`;
  const hasBody = [...node.attributes.values()].some((attribute) => graphsOf(attribute).length > 0);
  if (hasBody) return `${left}${operands} <\n${indent}  ${attributes.join(`,\n${indent}  `)}\n${indent}>${comment}`;
  const listed = attributes.length === 0 ? "" : ` <${attributes.join(", ")}>`;
  return left + listed + operands + comment;
}

function domainPrefix(domain: string): string {
  if (domain === "") return "";
  const plain = domain.split(".").every((part) => quotable(part) === part);
  return `${plain ? domain : quoted(domain)}.`;
}

function attributeLayout(expected: AttributeKind | null, indent: string, context: PrintContext): AttributeLayout {
  return {
    expected,
    hasData: (tensor: Tensor): boolean => hasData(tensor, context),
    graph: (graph: Graph): string => graphText(graph, bodyName(graph.name), indent, context),
  };
}
