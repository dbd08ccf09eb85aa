import type { Graph } from "../graph/graph.ts";
import { canonicalOpset, newModel, type LocalFunction, type Model } from "../graph/model.ts";
import type { CompileError } from "../diagnostics.ts";
import { buildAttribute } from "./build-attribute.ts";
import { buildGraph, type BuildContext } from "./build-graph.ts";
import { Cursor } from "./cursor.ts";
import { textError, type Source } from "./diagnostics.ts";
import { parseModelSyntax } from "./parse-model.ts";
import { seeded } from "./seeded.ts";
import type { AttributeSyntax, FunctionSyntax, GraphSyntax, HeaderSyntax } from "./syntax.ts";

/** How ONNX text is read. */
export interface ParseOptions {
  /** Name of the text in messages. */
  readonly file?: string;
  /** Whether types that the text leaves out are inferred; types it gives are never changed. Default: true. */
  readonly infer?: boolean;
  /** What fills initializers whose data the text leaves out: numbers made from the name (see `seeded`), or zeros. */
  readonly missingData?: "seeded" | "zero";
}

/**
 * A model from the official ONNX textual syntax (https://github.com/onnx/onnx/blob/main/docs/Syntax.md).
 *
 * Beyond the official grammar, so that any model can be printed and read back:
 * - op names, domains, attribute names and names of references may be quoted;
 * - float16, bfloat16, float8 and float4 elements may be decimal numbers; integers are bit patterns, as officially;
 * - `# parameter` or `# buffer` at the end of an initializer's line is its role;
 * - in a quoted string, the lone surrogates U+DC80 to U+DCFF stand for bytes that are not UTF-8.
 *
 * An entry of a graph's list in angle brackets declares the type of a node's output when it names one, and is an
 * initializer otherwise; without data (or with empty braces) its elements are made up. Without a header, the opset is
 * the canonical one and other domains have version 1.
 *
 * @throws CompileError `text/syntax`, `text/undefined`, `text/duplicate`, `text/data`, and what inference reports
 */
export function parseModel(text: string, options: ParseOptions = {}): Model {
  const source: Source = options.file === undefined ? { text } : { text, file: options.file };
  const syntax = parseModelSyntax(new Cursor(source));
  const opsets = opsetsOf(syntax.header, syntax.graph);
  const context: BuildContext = {
    source,
    infer: options.infer ?? true,
    missingData: options.missingData ?? "seeded",
    opsets,
  };
  const model = newModel(buildGraph(syntax.graph, null, context));
  model.opsets.clear();
  for (const [domain, version] of opsets) model.opsets.set(domain, version);
  if (syntax.header !== null) applyHeader(model, syntax.header);
  for (const functionSyntax of syntax.functions) model.functions.push(buildFunction(functionSyntax, context));
  return model;
}

/** The main graph of a text; header and local functions may be absent. @throws CompileError as `parseModel` */
export function parseGraph(text: string, options: ParseOptions = {}): Graph {
  return parseModel(text, options).graph;
}

function applyHeader(model: Model, { integers, strings, metadata }: HeaderSyntax): void {
  model.irVersion = integers.get("ir_version") ?? model.irVersion;
  model.modelVersion = integers.get("model_version") ?? 0;
  model.producerName = strings.get("producer_name") ?? "";
  model.producerVersion = strings.get("producer_version") ?? "";
  model.domain = strings.get("domain") ?? "";
  model.docString = strings.get("doc_string") ?? "";
  for (const [key, value] of metadata ?? []) model.metadata.set(key, value);
}

function opsetsOf(header: HeaderSyntax | null, graph: GraphSyntax): ReadonlyMap<string, number> {
  if (header?.opsets) return header.opsets;
  const opsets = new Map([["", canonicalOpset]]);
  const pending = [graph];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const node of next.nodes) {
      if (!opsets.has(node.domain)) opsets.set(node.domain, 1);
      for (const { value } of node.attributes) {
        for (const item of value.form === "list" ? value.items : [value]) {
          if (item.form === "graph") pending.push(item.graph);
        }
      }
    }
  }
  return opsets;
}

/** Functions stay untyped but for what they declare: their operands have no types to infer from. */
function buildFunction({ header, attributes, body }: FunctionSyntax, context: BuildContext): LocalFunction {
  const { declarations } = body;
  const known = new Set([...body.inputs, ...body.nodes.flatMap((node) => [...node.outputs])].map(nameOf));
  const stray = declarations.find((declaration) => !known.has(declaration.name.text));
  if (stray) {
    const { text, at } = stray.name;
    throw textError(
      context.source,
      at,
      "text/undefined",
      `a function has no initializers, and "${text}" is no value of it`,
    );
  }
  return {
    domain: header?.strings.get("domain") ?? "",
    name: body.name,
    overload: header?.strings.get("overload") ?? "",
    body: buildGraph(body, null, { ...context, infer: false }),
    attributes: attributes.map((attribute) => formalAttribute(attribute, context)),
    opsets: header?.opsets ?? new Map([["", context.opsets.get("") ?? canonicalOpset]]),
    docString: header?.strings.get("doc_string") ?? "",
    metadata: new Map(),
  };
}

function nameOf(item: { readonly text: string } | { readonly name: { readonly text: string } }): string {
  return "text" in item ? item.text : item.name.text;
}

function formalAttribute(
  syntax: FunctionSyntax["attributes"][number],
  context: BuildContext,
): LocalFunction["attributes"][number] {
  if (!isAttribute(syntax)) return { name: syntax.text };
  const { text, at } = syntax.name;
  const fail = (message: string): CompileError => textError(context.source, at, "text/syntax", message);
  const value = buildAttribute(syntax, {
    expected: null,
    graph: (body) => buildGraph(body, null, { ...context, infer: false }),
    tensor: ({ type, name, data }) => data ?? seeded(name || text, type.dtype, type.shape),
    fail,
  });
  if (value.kind === "ref") throw fail(`the default of attribute ${text} cannot be a reference`);
  return { name: text, kind: value.kind, default: value };
}

function isAttribute(syntax: FunctionSyntax["attributes"][number]): syntax is AttributeSyntax {
  return "value" in syntax;
}
