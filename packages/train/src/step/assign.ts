import type { Part } from "./pack-parameters.ts";
import { GraphEditor, invariant, lowbitDomain, type Graph, type Role, type Tensor, type Value } from "@lowbit/ir";

/** One tensor that lives from step to step. */
export interface StateSlot {
  /** The initializer it started as; also the name of the step's input that holds it. */
  readonly name: string;
  readonly role: Role;
  readonly initial: Tensor;
  /** The step's output that holds its next value. */
  readonly next: string;
  /** The tensors of the model (or of the optimizer) that it holds; usually just itself. */
  readonly parts: readonly Part[];
}

/** Adds an Assign: after the step, `buffer` holds `value`. */
export function assign(editor: GraphEditor, buffer: Value, value: Value): void {
  editor.node("Assign", [buffer, value], {}, { domain: lowbitDomain, name: `${buffer.name}_next` });
}

/**
 * Turns every Assign of a graph into explicit state: the assigned initializer becomes a graph input, its new value a
 * graph output. Returns the slots in the order of inputs and of outputs, which are appended to those already there.
 *
 * @param packed what those buffers hold that hold more than themselves
 */
export function liftState(graph: Graph, packed: ReadonlyMap<string, readonly Part[]>): readonly StateSlot[] {
  const editor = new GraphEditor(graph);
  const slots: StateSlot[] = [];
  const outputs = [...graph.outputs];
  for (const node of graph.nodes) {
    if (!node.is("Assign", lowbitDomain)) continue;
    const [buffer, value] = node.inputs;
    invariant(buffer?.initializer && value, `Assign "${node.label}" does not assign to an initializer`);
    const { initializer, role } = buffer;
    editor.replaceAllUses(node.output, value);
    editor.erase(node);
    // A value can be returned once only, and never an input itself.
    const returned =
      value.producer === null || outputs.includes(value) ? editor.before(null).op.Identity([value]) : value;
    editor.initializerToInput(buffer);
    outputs.push(returned);
    const parts = packed.get(buffer.name) ?? [{ name: buffer.name, offset: 0, dims: initializer.dims }];
    slots.push({ name: buffer.name, role, initial: initializer, next: returned.name, parts });
  }
  editor.setOutputs(outputs);
  return slots;
}
