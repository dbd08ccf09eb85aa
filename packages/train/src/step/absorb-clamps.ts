import { GraphEditor, lowbitDomain, type Graph, type Node, type Value } from "@lowbit/ir";

/** Bounds that an activation function clamps to; null where it has none. */
interface Bounds {
  readonly lower: number;
  readonly upper: number | null;
  /** From where on the gradient passes: Relu's does not at 0 itself, Clip's does. */
  readonly passesFrom: number;
}

/** The smallest positive normal float32 number. */
const smallestPositive = 2 ** -126;

/**
 * Lets fake quantization do the work of the Relu or Clip right before it, in place: FQ(Clip(x, 0, u)) = FQ(x) where the
 * observed range lies between 0 and u, since codes saturate at its ends. What is left of the activation is an attribute
 * that stops the gradient, and one that caps what is observed. Saves a pass over the activation there and several back.
 *
 * Left alone: activations that anything but fake quantization reads, and ranges that training may move beyond the bounds.
 * Returns how many activations were absorbed.
 */
export function absorbClamps(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let absorbed = 0;
  for (const node of graph.nodes) {
    const bounds = boundsOf(node);
    if (!bounds || node.output.isGraphOutput) continue;
    const readers = [...node.output.users];
    if (readers.length === 0 || !readers.every((reader) => readsWithin(reader, node.output, bounds))) continue;
    for (const reader of readers) {
      const observes = reader.is("ObserveRange", lowbitDomain);
      editor.setAttribute(reader, "lower", observes ? bounds.lower : bounds.passesFrom);
      if (bounds.upper !== null) editor.setAttribute(reader, "upper", bounds.upper);
    }
    editor.replaceAllUses(node.output, node.input);
    editor.erase(node);
    absorbed++;
  }
  return absorbed;
}

function boundsOf(node: Node): Bounds | null {
  if (node.is("Relu")) return { lower: 0, upper: null, passesFrom: smallestPositive };
  if (!node.is("Clip")) return null;
  const [, least, most] = node.inputs;
  const isKnown = (bound: Value | null | undefined): boolean => !bound || bound.constant?.size === 1;
  if (least?.constant?.item() !== 0 || !isKnown(most)) return null;
  return { lower: 0, upper: most?.constant?.item() ?? null, passesFrom: 0 };
}

/** Whether a node rounds or observes x as one tensor, by a range that stays within the bounds. */
function readsWithin(reader: Node, x: Value, bounds: Bounds): boolean {
  if (reader.input !== x || reader.attributes.has("axis")) return false;
  if (reader.is("ObserveRange", lowbitDomain)) return isMovingAverage(reader);
  if (!reader.is("FakeQuantize", lowbitDomain)) return false;
  const [, scale, zeroPoint] = reader.inputs;
  const made = scale?.producer;
  if (!made?.is("QuantizationParameters", lowbitDomain) || zeroPoint !== made.outputs[1]) return false;
  return made.int("symmetric", 0) === 0 && rangeStaysWithin(made, x, bounds);
}

/** Whether both ends of a range begin within the bounds and move by what is seen of x alone, if at all. */
function rangeStaysWithin(parameters: Node, x: Value, { lower, upper }: Bounds): boolean {
  return parameters.inputs.every((buffer) => {
    const start = buffer?.role === "buffer" ? buffer.initializer?.item() : undefined;
    if (start === undefined || !(start >= lower && start <= (upper ?? Infinity))) return false;
    return buffer!.users.every((user) => {
      if (user === parameters) return true;
      if (user.is("ObserveRange", lowbitDomain)) return user.input === x;
      return user.is("Assign", lowbitDomain) && user.inputs[1]?.producer?.is("ObserveRange", lowbitDomain) === true;
    });
  });
}

function isMovingAverage(observer: Node): boolean {
  return observer.string("mode", "moving-average") === "moving-average";
}
