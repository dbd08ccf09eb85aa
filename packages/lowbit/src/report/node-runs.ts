import { cloneModel, inferShapes, modelNodes, type Model, type Node } from "@lowbit/ir";
import { isConversion } from "@lowbit/quantize";
import {
  kernelTimes,
  mappedKernels,
  multiplyAccumulates,
  type Feeds,
  type KernelRun,
  type SessionOptions,
} from "@lowbit/runtime";
import { nodeKind, type RunsAs } from "../verification/runs-as.ts";

/** What the runtime did for a node in one run. */
interface NodeRun {
  readonly microseconds: number;
  readonly runs: RunsAs;
}

/** What the runtime did in one run, by the names of the nodes it did it for. */
export interface NodeRuns {
  readonly byName: ReadonlyMap<string, NodeRun>;
  /** Time of kernels for nodes with other names, and of those that the runtime added. */
  readonly others: number;
  /** Time of all kernels. */
  readonly total: number;
}

/**
 * Measures the kernels of a model, and gives their times to nodes of another graph that go by the same names: a kernel that
 * stands for several nodes counts for the first one with such a name, a conversion for none.
 *
 * @param names of the nodes that are asked for
 * @throws CompileError `runtime/load`, `runtime/run`
 */
export async function nodeRuns(
  model: Model,
  feeds: Feeds,
  names: ReadonlySet<string>,
  options: SessionOptions,
): Promise<NodeRuns> {
  const typed = cloneModel(model);
  inferShapes(typed);
  const kernels = await mappedKernels(typed, feeds, kernelTimes, options);
  const byKernel = new Map<string, { readonly node: Node; readonly own: KernelRun[] }>();
  let others = 0;
  for (const { kernel, main, sources } of kernels) {
    const named = (main ? [main, ...sources] : []).flatMap((node) => {
      const name = nameAmong(names, node);
      return name === undefined ? [] : [{ node, name }];
    });
    const [first] = named;
    if (!first) others += kernel.microseconds;
    else if (byKernel.has(first.name)) byKernel.get(first.name)!.own.push(kernel);
    else byKernel.set(first.name, { node: first.node, own: [kernel] });
  }
  const byName = new Map<string, NodeRun>();
  for (const [name, { node, own }] of byKernel) {
    const runs = nodeKind(node, own, (kernel) => multiplyAccumulates([kernel]).total);
    byName.set(name, { microseconds: own.reduce((sum, { microseconds }) => sum + microseconds, 0), runs });
  }
  return { byName, others, total: kernels.reduce((sum, { kernel }) => sum + kernel.microseconds, 0) };
}

/** Which of some names a node goes by: its own, or, when lowering made it out of another node, that one's. */
function nameAmong(names: ReadonlySet<string>, node: Node): string | undefined {
  if (names.has(node.label)) return node.label;
  return isConversion(node) ? undefined : modelNodes(node.origin).find((name) => names.has(name));
}
