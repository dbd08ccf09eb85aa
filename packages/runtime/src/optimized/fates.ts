import { hasTrait, type Graph, type Node } from "@lowbit/ir";
import { nodesWithin, numbersIn } from "./tagged-model.ts";

/** What became of a source node: the node of ONNX Runtime's graph that computes it now, or why there is none. */
export type Fate =
  | { readonly kind: "computed"; readonly by: Node }
  | { readonly kind: "folded" }
  | { readonly kind: "removed" };

/**
 * What became of each of the source nodes, in their order, in the graph ONNX Runtime made of their tagged model.
 *
 * Names tell most of it. ONNX Runtime forgets those of nodes inside a fusion; these are found by where their neighbours went.
 */
export function fatesOf(sources: readonly Node[], optimized: Graph): readonly Fate[] {
  const traces = readTraces(sources, optimized);
  const absorbed = absorbedUpstream(sources, traces);
  const constant = constantNodes(sources);
  const fates: Fate[] = [];
  const fateOf = new Map<Node, Fate>();
  for (let number = sources.length - 1; number >= 0; number--) {
    const source = sources[number]!;
    const readers = source.outputs.flatMap((value) => value?.users ?? []).flatMap((reader) => fateOf.get(reader) ?? []);
    const fate = decide(source, traces, constant, absorbed.get(source) ?? null, readers);
    fates[number] = fate;
    fateOf.set(source, fate);
  }
  return fates;
}

/** Where the names of source nodes and their results are found again. */
interface Traces {
  /** The node that is named after a source node or gives its result. */
  readonly homes: ReadonlyMap<Node, Node>;
  /** Source nodes whose result is data now. */
  readonly stored: ReadonlySet<Node>;
  /** Nodes that compute something else than one source node of the same op. */
  readonly fusions: ReadonlySet<Node>;
}

function readTraces(sources: readonly Node[], optimized: Graph): Traces {
  const nodes = nodesWithin(optimized);
  const homes = new Map<Node, Node>();
  const named = (name: string | undefined): readonly Node[] =>
    numbersIn(name ?? "").flatMap((each) => sources[each] ?? []);
  for (const node of nodes) {
    for (const source of named(node.name)) {
      // Conversions that were added are named after what they convert, which is no part of them.
      if (!homes.has(source) && (!isConversion(node) || isConversion(source))) homes.set(source, node);
    }
  }
  for (const node of nodes) {
    for (const source of node.outputs.flatMap((value) => named(value?.name))) {
      if (!homes.has(source)) homes.set(source, behindLayout(node));
    }
  }
  const initializers = [...new Set(nodes.map(({ graph }) => graph)).add(optimized)].flatMap((graph) => [
    ...graph.initializers,
  ]);
  const stored = new Set(initializers.flatMap(({ name }) => named(name)));
  const fusions = new Set(homes.values());
  for (const node of nodes) {
    const inside = [...homes].filter(([, home]) => home === node).map(([source]) => source);
    if (inside.length === 1 && isSameOp(inside[0]!, node)) fusions.delete(node);
  }
  return { homes, stored, fusions };
}

/** Whether a node does nothing but turn floats into codes or back. */
export function isConversion({ op }: { readonly op: string }): boolean {
  return op === "QuantizeLinear" || op === "DequantizeLinear";
}

export function isSameOp(a: Node, b: Node): boolean {
  return a.is(b.op, b.domain) && a.inputs.length === b.inputs.length;
}

/** The node that computes what an added change of layout gives. */
function behindLayout(node: Node): Node {
  let at = node;
  while (numbersIn(at.name).length === 0 && ["ReorderOutput", "Reshape", "Transpose", "Cast"].includes(at.op)) {
    const before = at.inputs[0]?.producer;
    if (!before) return at;
    at = before;
  }
  return at;
}

/** Nameless nodes that are part of the fusion that computes their operand: activations, sums, and quantization of results. */
function absorbedUpstream(sources: readonly Node[], { homes, fusions }: Traces): ReadonlyMap<Node, Node> {
  const absorbed = new Map<Node, Node>();
  /** The fusion whose result a source node's result would be, if it were part of it. */
  const reached = new Map<Node, Node>();
  for (const source of sources) {
    const home = homes.get(source);
    if (home) {
      if (fusions.has(home)) reached.set(source, home);
      continue;
    }
    if (!hasTrait(source, "elementwise")) continue;
    const before = source.inputs.flatMap((value) => (value?.producer ? (reached.get(value.producer) ?? []) : []));
    const owner = before.find((fusion) => isPart(source, fusion));
    const through = owner ?? before.at(-1);
    if (owner) absorbed.set(source, owner);
    if (through) reached.set(source, through);
  }
  return absorbed;
}

/** Whether a nameless node after a fusion is its last step: an activation it names, its sum, or the coding of its result. */
function isPart(source: Node, fusion: Node): boolean {
  const isSum = source.op === "Add" && (fusion.inputs[3] ?? null) !== null;
  return isSum || fusion.string("activation", "") === source.op || source.op === "QuantizeLinear";
}

/** Source nodes that depend on no graph input. */
function constantNodes(sources: readonly Node[]): ReadonlySet<Node> {
  const constant = new Set<Node>();
  for (const source of sources) {
    const depends = source.inputs.some((value) => {
      if (value === null || value.initializer !== null) return false;
      return value.producer === null || !constant.has(value.producer);
    });
    if (!depends && !hasTrait(source, "random")) constant.add(source);
  }
  return constant;
}

/** Ops that do nothing when a model is used; fusions have no part for them. */
const passes: ReadonlySet<string> = new Set(["Identity", "Dropout"]);

function decide(
  source: Node,
  { homes, stored, fusions }: Traces,
  constant: ReadonlySet<Node>,
  upstream: Node | null,
  readers: readonly Fate[],
): Fate {
  const home = homes.get(source);
  if (home) return { kind: "computed", by: home };
  if (stored.has(source)) return { kind: "folded" };
  const fusion =
    readers.flatMap((fate) => (fate.kind === "computed" && fusions.has(fate.by) ? fate.by : []))[0] ?? null;
  if (constant.has(source)) {
    const operands = new Set(source.inputs.map((value) => value?.name));
    const reads = fusion?.inputs.some((value) => value !== null && operands.has(value.name)) ?? false;
    return fusion && reads ? { kind: "computed", by: fusion } : { kind: "folded" };
  }
  const by = upstream ?? fusion;
  if (by && !passes.has(source.op)) return { kind: "computed", by };
  return readers.length > 0 && readers.every((fate) => fate.kind === "folded")
    ? { kind: "folded" }
    : { kind: "removed" };
}
