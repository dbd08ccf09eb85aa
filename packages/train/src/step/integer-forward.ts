import { GraphEditor, inlineGraph, lowbitDomain, type Graph, type Node, type Value } from "@lowbit/ir";
import { freezeQuantizers, integerForm, type IntegerFormOptions, type QuantizedValue } from "@lowbit/quantize";
import { integerForwardMoves } from "../diagnostics.ts";
import { codesWithin } from "../legalize/code-mask.ts";

/** An activation of the fake-quantized forward, and the codes that the integer forward has in its place. */
interface OnCodes extends QuantizedValue {
  readonly codes: Value;
}

/**
 * The integer operators that a graph will be deployed as, beside its fake-quantized forward. The gradient is derived from
 * the latter, straight through the rounding; then `take` lets it read the values of the former, and the fake-quantized
 * forward falls away.
 */
class IntegerForward {
  readonly #graph: Graph;
  /** Nodes whose operands stay as they are: the fake-quantized forward, and the integer one. */
  readonly #forward: ReadonlySet<Node>;
  readonly #activations: readonly OnCodes[];
  readonly #results: readonly (readonly [floating: Value, integer: Value])[];

  /** Adds the integer forward to a graph that returns what the model returns. All ranges of activations become constants. */
  constructor(graph: Graph, options: IntegerFormOptions) {
    this.#graph = graph;
    const form = integerForm(graph, options);
    freezeQuantizers(graph);
    const editor = new GraphEditor(graph);
    const inputs = form.graph.inputs.map((value) => graph.value(value.name)!);
    const outputs = editor.rewriting("integer-forward", [], null, () => inlineGraph(editor, form.graph, inputs));
    const results = graph.outputs.length;
    this.#results = graph.outputs.map((value, i) => [value, outputs[i]!]);
    this.#activations = form.values.map((value, i) => ({ ...value, codes: outputs[results + i]! }));
    this.#forward = new Set(graph.nodes);
  }

  /** Lets everything that was added since (loss, gradients) read the values of the integer forward. */
  take(): void {
    const editor = new GraphEditor(this.#graph);
    for (const activation of this.#activations) this.#takeActivation(editor, activation);
    for (const [floating, integer] of this.#results) this.#redirect(editor, floating, integer);
  }

  #takeActivation(editor: GraphEditor, { node, codes, scale, zeroPoint, within }: OnCodes): void {
    if (within.length > 0) this.#maskByCodes(editor, node, codes);
    const last = codes.producer;
    const values = editor.rewriting("integer-forward", [node], last ? last.next : this.#graph.nodes.first, () =>
      editor.op.DequantizeLinear([codes, editor.initializer(scale, "s"), editor.initializer(zeroPoint, "z")]),
    );
    for (const value of [node.output, ...within]) this.#redirect(editor, value, values);
  }

  /** Where nothing but codes is left of a value, the outermost ones stand for all that was clipped. */
  #maskByCodes(editor: GraphEditor, node: Node, codes: Value): void {
    for (const user of node.input.users) {
      if (this.#forward.has(user) || !user.is("FakeQuantizeGrad", lowbitDomain)) continue;
      const [dy] = user.inputs as [Value];
      const range = [node.int("qmin", 0), node.int("qmax", 0)] as const;
      const dx = editor.rewriting("integer-forward", [user], user, () => codesWithin(editor, dy, codes, range));
      editor.replaceAllUses(user.output, dx);
      editor.erase(user);
    }
  }

  #redirect(editor: GraphEditor, from: Value, to: Value): void {
    for (const use of [...from.uses]) if (!this.#forward.has(use.node)) editor.replaceUse(use, to);
  }
}

/**
 * Adds the integer forward to a graph in which nothing moves that it depends on.
 *
 * @throws CompileError `train/integer-forward`, and as `integerForm`
 */
export function integerForward(graph: Graph, options: IntegerFormOptions): IntegerForward {
  for (const node of graph.nodes) {
    const usesBatch = node.is("BatchNormalization") && node.int("training_mode", 0) === 1;
    if (usesBatch) throw integerForwardMoves(`BatchNormalization "${node.label}"`);
    const isObserver = node.is("ObserveRange", lowbitDomain) && node.inputs.length > 1;
    if (isObserver) throw integerForwardMoves(`the range of ${node.input.name}`);
  }
  return new IntegerForward(graph, options);
}
