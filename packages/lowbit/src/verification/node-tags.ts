import { exportModel, type Graph, type Model, type Node } from "@lowbit/ir";
import { encodeModel } from "@lowbit/onnx-proto";
import type { KernelRun } from "@lowbit/runtime";

/**
 * The file of a model whose nodes are named after their positions, so that the names ONNX Runtime makes out of them (for
 * fused kernels too) lead back to them.
 */
export function taggedModel(model: Model): Uint8Array {
  const proto = exportModel(model);
  const graph = proto.graph!;
  const node = graph.node.map((each, index) => ({ ...each, name: `@${index}@` }));
  return encodeModel({ ...proto, graph: { ...graph, node } });
}

/** For each kernel of the tagged model the nodes of the main graph it was made from; none for what the runtime added. */
export function kernelSources(kernels: readonly KernelRun[], graph: Graph): ReadonlyMap<KernelRun, readonly Node[]> {
  const nodes = [...graph.nodes];
  const names = new Set(kernels.map(({ node }) => node));
  return new Map(
    kernels.map((kernel) => {
      const tagged = [...kernel.node.matchAll(/@(\d+)@/g)].flatMap(([, index]) => nodes[Number(index)] ?? []);
      return [kernel, tagged.length > 0 ? tagged : blockedConvolution(kernel, graph, names)];
    }),
  );
}

const blockedSuffix = "_nchwc";

/**
 * Convolutions in ONNX Runtime's blocked layout are named after their result, which is that of the last node fused in: a
 * clamp or a sum.
 */
function blockedConvolution(kernel: KernelRun, graph: Graph, names: ReadonlySet<string>): readonly Node[] {
  if (!kernel.node.endsWith(blockedSuffix)) return [];
  let candidates = [graph.values.get(kernel.node.slice(0, -blockedSuffix.length))?.producer ?? null];
  for (let depth = 0; depth < 3; depth++) {
    const found = candidates.find((node) => node?.is("Conv"));
    if (found) return [found];
    const operands = candidates.flatMap((node) => node?.inputs ?? []);
    candidates = operands.flatMap((value) => (value && !names.has(value.name + blockedSuffix) ? value.producer : []));
  }
  return [];
}
