import { GraphEditor } from "../edit/graph-editor.ts";
import { addReturn, attachInputs, link, mutable } from "../edit/mutable.ts";
import { CompileError } from "../diagnostics.ts";
import { graphsOf, type Attribute } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import { Node } from "../graph/node.ts";
import { Value } from "../graph/value.ts";
import { sinceOf } from "../ops/define-op.ts";
import { schemaOf } from "../ops/registry.ts";
import type { Tensor } from "../tensor.ts";
import { elementCount, isStatic, typeText, type ValueType } from "../types.ts";
import { buildAttribute } from "./build-attribute.ts";
import type { Name } from "./cursor.ts";
import { lineAndColumn, textError, type Source } from "./diagnostics.ts";
import { seeded, zeros } from "./seeded.ts";
import type { AttributeSyntax, DeclarationSyntax, GraphSyntax, NodeSyntax, TensorSyntax } from "./syntax.ts";

/** What building graphs from syntax needs besides the syntax. */
export interface BuildContext {
  readonly source: Source;
  readonly infer: boolean;
  readonly missingData: "seeded" | "zero";
  readonly opsets: ReadonlyMap<string, number>;
}

/** A graph being built and the graphs around it; a body has no owner yet that could say. */
export interface Scope {
  readonly graph: Graph;
  readonly around: Scope | null;
}

/**
 * Makes the graph that a piece of syntax stands for. Operands may name values that come later in the text, so that
 * graphs in a wrong order can be shown and read too.
 *
 * @param around the graphs whose values a body may read; null for a main graph or a function.
 */
export function buildGraph(syntax: GraphSyntax, around: Scope | null, context: BuildContext): Graph {
  const graph = new Graph(syntax.name, null, around?.graph ?? null);
  const scope: Scope = { graph, around };
  const editor = new GraphEditor(graph);
  const declared = new Map<Value, ValueType>();
  for (const input of syntax.inputs) addInput(graph, input, context);
  const outputs = syntax.nodes.map((node) =>
    node.outputs.map((name) => (name.text === "" ? null : addValue(graph, name, null, context))),
  );
  const produced = new Set(outputs.flat());
  for (const declaration of syntax.declarations) addDeclaration(graph, declaration, produced, declared, context);
  for (const output of syntax.outputs) {
    const value = resolve(scope, output.name, "graph output", context);
    if (output.type !== null && produced.has(value)) declared.set(value, output.type);
    mutable(graph).outputs.push(value);
    addReturn(value, graph);
  }
  syntax.nodes.forEach((nodeSyntax, index) => {
    const node = addNode(scope, nodeSyntax, outputs[index]!, context);
    if (context.infer) infer(editor, node, nodeSyntax, context);
    for (const value of outputs[index]!) {
      const type = value && declared.get(value);
      if (type) mutable(value!).type = type;
    }
  });
  return graph;
}

function addValue(graph: Graph, name: Name, type: ValueType | null, context: BuildContext): Value {
  if (graph.values.has(name.text)) {
    throw textError(context.source, name.at, "text/duplicate", `value "${name.text}" is defined twice in one graph`);
  }
  if (name.text === "") throw textError(context.source, name.at, "text/syntax", "a value needs a name");
  const value = new Value(graph, name.text, type);
  mutable(graph).values.set(name.text, value);
  graph.names.take(name.text);
  return value;
}

function addInput(graph: Graph, declaration: DeclarationSyntax, context: BuildContext): void {
  const value = addValue(graph, declaration.name, declaration.type, context);
  mutable(value).isGraphInput = true;
  mutable(graph).inputs.push(value);
  if (declaration.tensor !== null) addData(value, declaration, context);
}

/** An entry of the list in angle brackets: the type of a node's output, else an initializer (or an input's default). */
function addDeclaration(
  graph: Graph,
  declaration: DeclarationSyntax,
  produced: ReadonlySet<Value | null>,
  declared: Map<Value, ValueType>,
  context: BuildContext,
): void {
  const { name, type, tensor } = declaration;
  const existing = graph.value(name.text);
  if (existing !== null && produced.has(existing) && tensor === null) {
    if (type !== null) declared.set(existing, type);
    return;
  }
  if (existing?.isGraphInput && existing.initializer === null) addData(existing, declaration, context);
  else addData(addValue(graph, name, type, context), declaration, context);
}

function addData(value: Value, declaration: DeclarationSyntax, context: BuildContext): void {
  const { type, name } = declaration;
  if (type?.kind !== "tensor" || !isStatic(type.shape) || elementCount(type.shape)! > Number.MAX_SAFE_INTEGER) {
    throw textError(
      context.source,
      name.at,
      "text/data",
      `"${name.text}" is no output of a node of this graph, so it is an initializer and needs numeric dimensions, ` +
        `not type ${typeText(type)}`,
    );
  }
  const writable = mutable(value);
  const syntax = declaration.tensor ?? { type: { ...type, shape: type.shape }, name: name.text, data: null };
  writable.initializer = tensorOf(syntax, name.text, context);
  writable.type ??= type;
  writable.role = declaration.role ?? "constant";
  mutable(value.graph).initializers.add(value);
}

function tensorOf({ type, data }: TensorSyntax, name: string, context: BuildContext): Tensor {
  if (data !== null) return data;
  return context.missingData === "zero" ? zeros(name, type.dtype, type.shape) : seeded(name, type.dtype, type.shape);
}

function resolve(scope: Scope, name: Name, what: string, context: BuildContext): Value {
  for (let here: Scope | null = scope; here !== null; here = here.around) {
    const value = here.graph.value(name.text);
    if (value !== null) return value;
  }
  throw textError(context.source, name.at, "text/undefined", `${what} "${name.text}" is not defined`);
}

function addNode(scope: Scope, syntax: NodeSyntax, outputs: readonly (Value | null)[], context: BuildContext): Node {
  const { graph } = scope;
  const inputs = syntax.inputs.map((name) =>
    name.text === "" ? null : resolve(scope, name, `operand of ${syntax.op}`, context),
  );
  const attributes = new Map<string, Attribute>();
  for (const attribute of syntax.attributes) {
    const { text, at } = attribute.name;
    if (attributes.has(text)) {
      throw textError(context.source, at, "text/duplicate", `attribute ${text} of ${syntax.op} is given twice`);
    }
    attributes.set(text, attributeOf(scope, attribute, syntax, context));
  }
  const label = syntax.label || (outputs.find((value) => value !== null)?.name ?? syntax.op);
  const node = new Node(graph, {
    op: syntax.op,
    domain: syntax.domain,
    name: syntax.label,
    attributes,
    origin: { kind: "model", node: label },
    overload: syntax.overload,
  });
  if (syntax.label !== "") graph.names.take(syntax.label);
  for (const attribute of attributes.values()) for (const body of graphsOf(attribute)) mutable(body).owner = node;
  attachInputs(node, inputs);
  mutable(node).outputs = [...outputs];
  outputs.forEach((value, index) => {
    if (value === null) return;
    mutable(value).producer = node;
    mutable(value).outputIndex = index;
  });
  link(graph.nodes, node, null);
  return node;
}

function attributeOf(scope: Scope, syntax: AttributeSyntax, node: NodeSyntax, context: BuildContext): Attribute {
  const schema = schemaOf(node.op, node.domain);
  const owner = node.label || (node.outputs[0]?.text ?? node.op);
  return buildAttribute(syntax, {
    expected: schema?.attributes[syntax.name.text]?.kind ?? null,
    graph: (body) => buildGraph(body, scope, context),
    tensor: (tensor) => tensorOf(tensor, tensor.name || `${owner}.${syntax.name.text}`, context),
    fail: (message) => textError(context.source, syntax.name.at, "text/syntax", message),
  });
}

/** Infers the types of a new node, unless the model's opset is older than the form of the op that lowbit knows. */
function infer(editor: GraphEditor, node: Node, syntax: NodeSyntax, context: BuildContext): void {
  const schema = schemaOf(node.op, node.domain);
  if (schema === null || (context.opsets.get(node.domain) ?? Infinity) < sinceOf(schema, node)) return;
  try {
    editor.infer(node);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { text, file } = context.source;
    const position = lineAndColumn(text, syntax.at);
    const { diagnostic } = error;
    const where = { ...diagnostic.where, ...position, ...(file === undefined ? {} : { file }) };
    throw new CompileError({ ...diagnostic, where });
  }
}
