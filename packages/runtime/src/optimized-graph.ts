import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel, loadModel, type Graph, type Model } from "@lowbit/ir";
import { decodeModel } from "@lowbit/onnx-proto";
import { fatesOf, isSameOp } from "./optimized/fates.ts";
import { nodesWithin, restoreNames, taggedBytes } from "./optimized/tagged-model.ts";
import { Session, type SessionOptions } from "./session.ts";

/** A node of the graph ONNX Runtime runs. */
export interface OptimizedNode {
  /** Its name there, which ONNX Runtime often makes out of that of a source node. */
  readonly node: string;
  readonly op: string;
  readonly domain: string;
  /** Labels of the source nodes that it computes; none for nodes that ONNX Runtime added, such as changes of layout. */
  readonly sources: readonly string[];
}

/**
 * What became of a node of the model:
 * - `kept`: a node of its own and of the same op computes it;
 * - `replaced`: a node of its own, but of another op;
 * - `merged`: one node computes it together with other source nodes;
 * - `folded`: it was computed when the model was loaded;
 * - `removed`: nothing computes it; what read it reads something else.
 */
export interface SourceNode {
  readonly node: string;
  readonly op: string;
  readonly fate: "kept" | "replaced" | "merged" | "folded" | "removed";
  /** The node that computes it now; null when folded or removed. */
  readonly by: OptimizedNode | null;
}

/** The graph ONNX Runtime made of a model, and what became of each of the model's nodes, those of bodies included. */
export interface OptimizedGraph {
  readonly model: Model;
  readonly nodes: readonly OptimizedNode[];
  readonly sources: readonly SourceNode[];
}

/**
 * Lets ONNX Runtime optimize a model for this machine, and tells what it made of it. Nothing is run.
 *
 * Where ONNX Runtime keeps no name of a node that it fused, the neighbours' places decide which fusion it is counted to.
 *
 * @throws CompileError `runtime/load`
 */
export async function optimizedGraph(
  model: Model | Uint8Array | string,
  options: SessionOptions = {},
): Promise<OptimizedGraph> {
  const source = sourceModel(model);
  const bytes = await optimizedBytes(taggedBytes(source), options);
  const sources = nodesWithin(source.graph);
  const tagged = importModel(bytes);
  const proto = decodeModel(bytes);
  restoreNames(proto, sources);
  const optimized = importModel(proto);
  return { model: optimized, ...described(sources, tagged.graph, optimized.graph) };
}

function sourceModel(model: Model | Uint8Array | string): Model {
  if (typeof model === "string") return loadModel(model);
  return model instanceof Uint8Array ? importModel(model) : model;
}

async function optimizedBytes(bytes: Uint8Array, options: SessionOptions): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-optimized-"));
  try {
    const optimizedModelPath = join(folder, "optimized.onnx");
    const session = await Session.create(bytes, { ...options, optimizedModelPath });
    await session.release();
    return readFileSync(optimizedModelPath);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function described(
  sources: ReturnType<typeof nodesWithin>,
  tagged: Graph,
  restored: Graph,
): Pick<OptimizedGraph, "nodes" | "sources"> {
  const fates = fatesOf(sources, tagged);
  const taggedNodes = nodesWithin(tagged);
  const nodes = nodesWithin(restored).map((node, place): OptimizedNode => {
    const inside = sources.filter((_, number) => {
      const fate = fates[number]!;
      return fate.kind === "computed" && fate.by === taggedNodes[place];
    });
    return { node: node.label, op: node.op, domain: node.domain, sources: inside.map(({ label }) => label) };
  });
  const byNode = new Map(taggedNodes.map((node, place) => [node, nodes[place]!]));
  return {
    nodes,
    sources: sources.map((node, number): SourceNode => {
      const fate = fates[number]!;
      const named = { node: node.label, op: node.op };
      if (fate.kind !== "computed") return { ...named, fate: fate.kind, by: null };
      const by = byNode.get(fate.by)!;
      const own = isSameOp(node, fate.by) ? "kept" : "replaced";
      return { ...named, fate: by.sources.length > 1 ? "merged" : own, by };
    }),
  };
}
