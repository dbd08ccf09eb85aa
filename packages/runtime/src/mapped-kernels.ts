import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel, schemaOf, type Graph, type Model, type Node } from "@lowbit/ir";
import type { Feeds } from "./feeds.ts";
import { addedNodes } from "./optimized/added-nodes.ts";
import { fatesOf, isConversion } from "./optimized/fates.ts";
import { nodesWithin, outermost, taggedBytes } from "./optimized/tagged-model.ts";
import type { SessionOptions } from "./session.ts";
import type { KernelRun, whatRan } from "./what-ran.ts";

/** A kernel that ran, and what it is there for. */
export interface MappedKernel {
  readonly kernel: KernelRun;
  /** Nodes of the main graph that it computes, or parts of; those of bodies count as the node that holds the body. */
  readonly sources: readonly Node[];
  /** The one among them whose kernel it is, as Conv among what a QLinearConv takes in; null for kernels without sources. */
  readonly main: Node | null;
  /** What a kernel does that computes none; null for others. */
  readonly purpose: string | null;
}

/**
 * The kernels that ONNX Runtime runs for a model, each with the nodes it was made from. Everything is loaded once: the graph that
 * the runtime saves of its optimizations says where kernels came from, and its profile which ran.
 *
 * @param run `whatRan` or `kernelTimes`
 * @throws CompileError what `run` throws
 */
export async function mappedKernels(
  model: Model,
  feeds: Feeds,
  run: typeof whatRan,
  options: SessionOptions = {},
): Promise<readonly MappedKernel[]> {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-mapped-"));
  try {
    const optimizedModelPath = join(folder, "optimized.onnx");
    const kernels = await run(taggedBytes(model), feeds, { ...options, optimizedModelPath });
    const { graph } = importModel(readFileSync(optimizedModelPath));
    return mapped(kernels, nodesWithin(model.graph), graph);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mapped(kernels: readonly KernelRun[], sources: readonly Node[], optimized: Graph): readonly MappedKernel[] {
  const computed = new Map<Node, Node[]>();
  const removed: Node[] = [];
  for (const [number, fate] of fatesOf(sources, optimized).entries()) {
    const source = sources[number]!;
    if (fate.kind === "removed") removed.push(source);
    if (fate.kind !== "computed") continue;
    computed.set(fate.by, [...(computed.get(fate.by) ?? []), source]);
  }
  const added = addedNodes(optimized, { sources, computed, removed });
  const nodeOf = nodeFinder(optimized);
  return kernels.map((kernel): MappedKernel => {
    const node = nodeOf(kernel);
    const found = node && (computed.get(node) ?? added.sources.get(node));
    if (found)
      return { kernel, sources: [...new Set(found.map(outermost))], main: mainOf(kernel, found), purpose: null };
    const purpose = (node && added.purposes.get(node)) ?? "not in the graph that the runtime saved";
    return { kernel, sources: [], main: null, purpose };
  });
}

/** The source that the name of a kernel holds, else one with weights, else the last one that computes, else the last one. */
function mainOf({ op }: KernelRun, sources: readonly Node[]): Node {
  const computing = isConversion({ op }) ? sources : sources.filter((source) => !isConversion(source));
  const named = computing.filter((source) => op.includes(source.op)).toSorted((a, b) => b.op.length - a.op.length);
  const main = named[0] ?? computing.find(hasWeights) ?? computing.at(-1) ?? sources.at(-1)!;
  return outermost(main);
}

function hasWeights({ op, domain }: Node): boolean {
  return Object.values(schemaOf(op, domain)?.roles ?? {}).some(({ role }) => role === "weight");
}

/**
 * Finds the node of a kernel, for kernels in the order they ran in. Names tell; a node without one runs under its op and a number
 * that the saved graph does not know, and the first of an op is taken for the first that runs.
 */
function nodeFinder(optimized: Graph): (kernel: KernelRun) => Node | undefined {
  const byName = new Map<string, Node>();
  const nameless = new Map<string, Node[]>();
  for (const node of nodesWithin(optimized)) {
    if (node.name) byName.set(node.name, node);
    else nameless.set(node.op, [...(nameless.get(node.op) ?? []), node]);
  }
  return ({ node: name, op }) => {
    if (!byName.has(name) && name.startsWith(`${op}_`)) {
      const next = nameless.get(op)?.shift();
      if (next) byName.set(name, next);
    }
    return byName.get(name);
  };
}
