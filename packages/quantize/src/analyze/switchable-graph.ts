import { Graph, GraphEditor, invariant, Tensor, tensorType, type Node, type Value } from "@lowbit/ir";
import { evaluateNode } from "@lowbit/reference";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { newModel } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";
import { usesWholeRange } from "../convert/code-range.ts";
import { isFakeQuantize, type QuantizedLayer, type QuantizedParts } from "./layers.ts";

/** Name of the graph input that says what is quantized. */
export const switchesName = "lowbit.switches";

/** Name of the graph input with the scale of each value, where a graph takes scales. */
export const scalesName = "lowbit.scales";

/** A graph that computes each of its layers in float or as quantized, as an input says: one bool per layer, then one per value. */
export interface SwitchableGraph {
  readonly graph: Graph;
  /** What each layer gives, in the order of the layers. */
  readonly layerOutputs: readonly Value[];
  /** Each quantized value as its readers see it; the float value while its switch is off. */
  readonly values: readonly Value[];
}

/**
 * Turns a settled graph into a switchable one, in place. Each product becomes an If of two products, with the float weights
 * and with the rounded ones, so that the runtime packs both and an ablation costs no session; each FakeQuantize becomes an
 * If around QuantizeLinear and DequantizeLinear.
 *
 * @param floatBias the bias a layer has in the float model, where that is not what the settled graph holds
 * @param takesScales whether values with one scale take it from another input: one float per value
 */
export function switchableGraph(
  graph: Graph,
  parts: QuantizedParts,
  floatBias: (layer: QuantizedLayer) => Tensor | null,
  takesScales = false,
): SwitchableGraph {
  const editor = new GraphEditor(graph);
  const count = parts.layers.length + parts.values.length;
  const switches = editor.input(switchesName, tensorType("bool", [count]));
  const scales = takesScales ? editor.input(scalesName, tensorType("float", [parts.values.length])) : null;
  const flag = (index: number, before: Node): Value =>
    editor.before(before).op.Gather([switches, editor.initializer(Tensor.scalar("int64", index), "switch")]);
  const renamed = new Map<Value, Value>();
  const replace = (node: Node, outputs: readonly Value[]): void => {
    node.outputs.forEach((value, index) => {
      if (!value) return;
      editor.replaceAllUses(value, outputs[index]!);
      renamed.set(value, outputs[index]!);
    });
    editor.erase(node);
  };
  for (const [index, layer] of parts.layers.entries()) {
    const weights = layer.nodes[0]!.inputs.some((value) => value && isRoundedData(value));
    if (!weights) continue;
    const kernel = kernelNodes(layer);
    const last = kernel.at(-1)!;
    const given = last.outputs[0]!;
    const bias = floatBias(layer);
    const type = given.type;
    const condition = flag(index, kernel[0]!);
    const choice = editor
      .before(kernel[0]!)
      .node(
        "If",
        [condition],
        { then_branch: branch(graph, kernel, null, true), else_branch: branch(graph, kernel, bias, false) },
        { outputs: 1, types: [type] },
      );
    editor.replaceAllUses(given, choice.output);
    renamed.set(given, choice.output);
    for (const node of kernel.toReversed()) editor.erase(node);
  }
  for (const [index, { node }] of parts.values.entries()) {
    const condition = flag(parts.layers.length + index, node);
    const source = node.input;
    const at = (): Value => editor.initializer(Tensor.scalar("int64", index), "place");
    const scale = scales && hasOneScale(node) ? editor.before(node).op.Gather([scales, at()]) : null;
    const choice = editor
      .before(node)
      .node(
        "If",
        [condition],
        { then_branch: rounding(graph, node, scale), else_branch: passing(graph, source) },
        { outputs: 1, types: [source.type] },
      );
    replace(node, [choice.output]);
  }
  const now = (value: Value): Value => renamed.get(value) ?? value;
  const values = parts.values.map(({ node }) => now(node.output));
  return { graph, layerOutputs: parts.layers.map(({ output }) => now(output)), values };
}

/** Removes what a graph no longer reads. */
export function withoutDeadCode(graph: Graph): void {
  runPasses(newModel(graph), [eliminateDeadCode]);
}

/** The nodes of a layer that one kernel runs: its anchor, and the clamps and biases that follow it in the graph. */
function kernelNodes({ nodes }: QuantizedLayer): readonly Node[] {
  const kernel = [nodes[0]!];
  for (const node of nodes.slice(1)) {
    const isNext = node.inputs.includes(kernel.at(-1)!.outputs[0]!) && kernel.at(-1)!.outputs[0]!.uses.size === 1;
    if (isNext && kernel.at(-1)!.outputs.length === 1) kernel.push(node);
    else break;
  }
  return kernel;
}

function isRoundedData(value: Value): boolean {
  return value.producer !== null && isFakeQuantize(value.producer) && value.producer.input.constant !== null;
}

/** A body with copies of some nodes, their data rounded or not. */
function branch(graph: Graph, nodes: readonly Node[], bias: Tensor | null, rounded: boolean): Graph {
  const body = new Graph(rounded ? "quantized" : "float", null, graph);
  const editor = new GraphEditor(body);
  const copies = new Map<Value, Value>();
  const biasSlot = productOf(nodes[0]!)?.bias ?? null;
  for (const node of nodes) {
    const inputs = node.inputs.map((value, index) => {
      if (!value) return null;
      if (bias && node === biasSlot?.node && index === biasSlot.index) return editor.initializer(bias, "bias");
      const copy = copies.get(value);
      if (copy) return copy;
      if (!isRoundedData(value)) return value.constant ? editor.initializer(value.constant, value.name) : value;
      return editor.initializer(rounded ? roundedData(value.producer!) : value.producer!.input.constant!, value.name);
    });
    const copy = editor.node(node.op, inputs, Object.fromEntries(node.attributes), {
      domain: node.domain,
      outputs: node.outputs.map((value) => value && graph.names.fresh(value.name)),
      types: node.outputs.map((value) => value?.type ?? null),
    });
    node.outputs.forEach((value, index) => {
      if (value) copies.set(value, copy.outputs[index]!);
    });
  }
  editor.output(copies.get(nodes.at(-1)!.outputs[0]!)!);
  return body;
}

/** What data of the model is after rounding. */
function roundedData(fakeQuantize: Node): Tensor {
  const [tensor] = evaluateNode(
    fakeQuantize,
    fakeQuantize.inputs.map((value) => value?.constant ?? null),
  );
  invariant(tensor, "FakeQuantize gives a tensor");
  return tensor;
}

/** Whether all elements of a value share a scale. */
export function hasOneScale(fakeQuantize: Node): boolean {
  return fakeQuantize.inputs[1]!.constant!.size === 1;
}

/**
 * DequantizeLinear(QuantizeLinear(x)), with x cut off first where not all codes are used.
 *
 * @param given a scale of the graph around it; null: that of the node
 */
function rounding(graph: Graph, node: Node, given: Value | null): Graph {
  const body = new Graph("rounded", null, graph);
  const editor = new GraphEditor(body);
  const [source, scale, zeroPoint] = node.inputs as readonly [Value, Value, Value];
  const isPerTensor = hasOneScale(node);
  const own = (value: Value): Value => {
    const tensor = value.constant!;
    return editor.initializer(isPerTensor ? tensor.reshape([]) : tensor, value.name);
  };
  const step = given ?? own(scale);
  const parameters = [step, own(zeroPoint)] as const;
  const attributes = isPerTensor ? {} : { axis: node.int("axis", 1) };
  const isWhole = !isPerTensor || usesWholeRange(node, zeroPoint.constant!.dtype);
  const bound = (name: string): Value => {
    const codes = node.int(name, 0) - zeroPoint.constant!.item();
    if (given) return editor.op.Mul([given, editor.initializer(Tensor.scalar("float", codes), `${name}_codes`)]);
    return editor.initializer(Tensor.scalar("float", codes * scale.constant!.item()), name);
  };
  const inside = isWhole ? source : editor.op.Clip([source, bound("qmin"), bound("qmax")]);
  const codes = editor.op.QuantizeLinear([inside, ...parameters], attributes);
  editor.output(editor.op.DequantizeLinear([codes, ...parameters], attributes));
  return body;
}

function passing(graph: Graph, value: Value): Graph {
  const body = new Graph("passed", null, graph);
  const editor = new GraphEditor(body);
  editor.output(editor.op.Identity([value]));
  return body;
}
