import { CompileError } from "../../diagnostics.ts";
import { GraphEditor } from "../../edit/graph-editor.ts";
import { graphsOf, type Attribute } from "../../graph/attribute.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LocalFunction, Model } from "../../graph/model.ts";
import type { Node } from "../../graph/node.ts";
import type { Value } from "../../graph/value.ts";
import { calledKey, callCircle, functionKey } from "../../verify/functions.ts";
import { CarriedModel } from "../carried.ts";
import { modelError } from "../diagnostics.ts";
import { copyNodes } from "./copy-nodes.ts";
import { expandedSize } from "./expanded-size.ts";

/** Nodes that inlining may make in all: functions that call others twice over grow without bound. */
const maxNodes = 2_000_000;

/**
 * Replaces every call of a local function by the function's nodes, in bodies too and until no call is left, and removes
 * the functions. Attribute references take the call's attribute, or the function's default; values and nodes get names
 * that are new in the model, after the call.
 *
 * A function must be written in the opsets of the model: run `convertOpset` before when they differ.
 * @throws CompileError `function/recursive`, `function/opset`, `function/too-large`, `function/arity`
 */
export function inlineFunctions(model: Model): void {
  if (model.functions.length === 0) return;
  const functions = new Map(model.functions.map((local) => [functionKey(local), local]));
  const circle = callCircle(functions);
  if (circle) {
    const names = circle.map(({ name }) => `"${name}"`).join(", ");
    throw modelError("function/recursive", `local functions call each other in a circle: ${names}`);
  }
  if (expandedSize(model.graph, functions) > maxNodes) {
    throw modelError("function/too-large", `local functions expand to more than ${maxNodes} nodes`);
  }
  const pending = callsIn(model.graph, functions);
  for (let call = pending.pop(); call; call = pending.pop()) {
    const local = functions.get(calledKey(call))!;
    adoptOpsets(model, local, call);
    const copies = inline(call, local);
    for (const copy of copies) if (functions.has(calledKey(copy))) pending.push(copy);
  }
  // Training graphs, which are carried as they are, may call them.
  if (model.carried instanceof CarriedModel && model.carried.rest.training_info) return;
  model.functions.length = 0;
  dropUnusedDomains(model, [...functions.values()]);
}

function callsIn(root: Graph, functions: ReadonlyMap<string, LocalFunction>): Node[] {
  const calls: Node[] = [];
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const node of graph.nodes) {
      if (functions.has(calledKey(node))) calls.push(node);
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return calls;
}

function inline(call: Node, local: LocalFunction): readonly Node[] {
  const { body } = local;
  if (call.inputs.length > body.inputs.length || call.outputs.length > body.outputs.length) {
    throw modelError(
      "function/arity",
      `${call.op} "${call.label}" has ${call.inputs.length} operands and ${call.outputs.length} results, ` +
        `its function ${body.inputs.length} and ${body.outputs.length}`,
      { node: call.label },
    );
  }
  const values = new Map<Value, Value | null>(body.inputs.map((value, index) => [value, call.inputs[index] ?? null]));
  const copies = copyNodes(body, { call, values, attributes: attributesOf(call, local) });
  const editor = new GraphEditor(call.graph);
  for (const copy of copies) if (copy.graph === call.graph) infer(editor, copy);
  editor.before(call);
  const results = call.outputs.map((output, index) => {
    if (!output || (output.uses.size === 0 && !output.isGraphOutput)) return null;
    const formal = body.outputs[index]!;
    const value = values.get(formal) ?? null;
    if (!value) {
      throw modelError(
        "function/arity",
        `${call.op} "${call.label}" needs result ${index}, made of an absent operand`,
        {
          node: call.label,
        },
      );
    }
    // A result that is an operand, or another result too, needs a name of its own.
    const own = !body.inputs.includes(formal) && body.outputs.indexOf(formal) === index;
    return [output, own ? value : editor.node("Identity", [value]).output] as const;
  });
  const renamed = results.flatMap((pair) => (pair ? [[pair[1], pair[0].name, pair[0].type] as const] : []));
  for (const pair of results) if (pair) editor.replaceAllUses(pair[0], pair[1]);
  editor.erase(call);
  for (const [value, name, type] of renamed) {
    if (value.name !== name) editor.rename(value, name);
    if (value.type === null) editor.setType(value, type);
  }
  return copies;
}

function attributesOf(call: Node, local: LocalFunction): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const { name, default: fallback } of local.attributes) {
    const attribute = call.attributes.get(name) ?? fallback;
    if (attribute) attributes.set(name, attribute);
  }
  return attributes;
}

function infer(editor: GraphEditor, node: Node): void {
  try {
    editor.infer(node);
  } catch (error) {
    // The verifier tells what is wrong with the node; here its type stays unknown.
    if (!(error instanceof CompileError)) throw error;
  }
}

function adoptOpsets(model: Model, local: LocalFunction, call: Node): void {
  for (const [domain, version] of local.opsets) {
    const own = model.opsets.get(domain);
    if (own === undefined) model.opsets.set(domain, version);
    else if (own !== version) {
      throw modelError(
        "function/opset",
        `function "${local.name}" is written in opset ${version} of domain "${domain || "ai.onnx"}", the model in ${own}`,
        { node: call.label },
        "convert the model to one opset first (convertOpset)",
      );
    }
  }
}

/** The domains of functions that are gone need no import, unless a node is still of it. */
function dropUnusedDomains(model: Model, functions: readonly LocalFunction[]): void {
  const used = new Set<string>();
  const pending = [model.graph];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const node of graph.nodes) {
      used.add(node.domain);
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  for (const { domain } of functions) if (domain !== "" && !used.has(domain)) model.opsets.delete(domain);
}
