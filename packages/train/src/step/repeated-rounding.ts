import { GraphEditor, lowbitDomain, operandRole, schemaOf, type Graph, type Node, type Value } from "@lowbit/ir";
import { movesElements } from "@lowbit/quantize";

/**
 * Takes fake quantization from values that are rounded to the same codes already and were only moved since (pooled by their
 * maximum, flattened, cut): FQ(FQ(x)) = FQ(x), and no element of it is clipped, so both directions stay what they are, bit
 * for bit. Plans put it there for the integer operators in between. Saves a pass there and several back.
 *
 * @param keep keeps the nodes, and promises of them that they clip nothing
 * @returns how many were found
 */
export function settleRepeatedRounding(graph: Graph, keep = false): number {
  const editor = new GraphEditor(graph);
  let found = 0;
  for (const node of graph.nodes) {
    if (!roundsAsOne(node) || !isRoundedLike(node, node.input)) continue;
    found++;
    if (keep) editor.setAttribute(node, "covers_range", 1);
    else {
      editor.replaceAllUses(node.output, node.input);
      editor.erase(node);
    }
  }
  return found;
}

/** Whether a node rounds a tensor by one scale. */
export function roundsAsOne(node: Node): boolean {
  return node.is("FakeQuantize", lowbitDomain) && !node.attributes.has("axis") && !node.attributes.has("block_size");
}

/** Whether a value consists of what another node rounded to the codes of this one, and of zeros. */
function isRoundedLike(node: Node, value: Value): boolean {
  const { producer } = value;
  if (!producer) return false;
  if (roundsAsOne(producer)) {
    const sameScale = [1, 2].every((index) => producer.inputs[index] === node.inputs[index]);
    return sameScale && ["qmin", "qmax"].every((name) => producer.int(name, 0) === node.int(name, 0));
  }
  return onlyMoves(producer, value) && isRoundedLike(node, producer.input);
}

/** Whether a result of a node is elements of its only data operand, and zeros. */
function onlyMoves(node: Node, result: Value): boolean {
  const schema = schemaOf(node.op, node.domain);
  const data = node.inputs.filter((value, index) => value && schema && operandRole(schema, index).role === "data");
  return movesElements(node) && data.length === 1 && data[0]!.dtype === result.dtype;
}
