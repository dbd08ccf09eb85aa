import { onnxRuntimeKernels, type Backend, type CapabilityTable } from "@lowbit/backend-kit";
import { cloneModel, CompileError, inferShapes, type Model, type Node } from "@lowbit/ir";
import { observed } from "@lowbit/quantize";
import { integerShare, multiplyAccumulates, Session, whatRan, type Feeds, type KernelRun } from "@lowbit/runtime";
import { refusedMadeUpInputs } from "../diagnostics.ts";
import { madeUpFeeds } from "../made-up-feeds.ts";
import { whatItConverts } from "./converts.ts";
import { codesBehind, dataOf } from "./dequantized.ts";
import { unsupportedNodes } from "./float-view.ts";
import { kernelSources, taggedModel } from "./node-tags.ts";
import { isConversion, nodeKind, type RunsAs } from "./runs-as.ts";
import { computesFloats, whyFloat, wrongAxis } from "./why-float.ts";

/** How a model is verified. */
export interface VerifyOptions {
  /** Whose kernels explain what stays float. Default: those of ONNX Runtime on ordinary CPUs. */
  readonly backend?: Backend;
  /** Default: made up, one sample. */
  readonly feeds?: Feeds;
  readonly threads?: number;
}

/** What the runtime made of a model. */
export interface Verification {
  /** Share of multiply-accumulates that ran on integers, 0 to 1. */
  readonly integerMacs: number;
  /** Every node of the main graph, in its order. */
  readonly nodes: readonly VerifiedNode[];
  /** Ops of kernels that stand for no node of the model: changes of layout, and parts of expanded ops. */
  readonly added: readonly string[];
}

/** What became of one node. */
export interface VerifiedNode {
  readonly node: string;
  readonly op: string;
  readonly runs: RunsAs;
  /** Ops of the kernels that were made from it; none when other kernels do its work. */
  readonly kernels: readonly string[];
  /** Multiply-accumulates of those kernels for one run. */
  readonly macs: number;
  /** Why it runs in float, what is wrong with it on integers, or what it converts; null when there is nothing to say. */
  readonly reason: string | null;
}

/**
 * Runs a model once on ONNX Runtime and tells for each of its nodes whether integers, floats or conversions between them
 * came out of it, and why. Nodes inside bodies of control flow are not told apart.
 *
 * @throws CompileError `runtime/load`, `runtime/run`, without feeds `runtime/made-up` and `bench/input`
 */
export async function verifyDeployment(model: Model, options: VerifyOptions = {}): Promise<Verification> {
  const typed = cloneModel(model);
  inferShapes(typed);
  const nodes = [...typed.graph.nodes];
  const tagged = taggedModel(typed);
  const runtime = options.threads === undefined ? {} : { threads: options.threads };
  const kernels = options.feeds
    ? await whatRan(tagged, options.feeds, runtime)
    : await whatRan(tagged, await feedsFor(tagged), runtime).catch((error: unknown) => {
        const refused = refusedMadeUpInputs(error, "error");
        throw refused ? new CompileError(refused) : error;
      });
  const byNode = new Map<Node, KernelRun[]>(nodes.map((node) => [node, []]));
  const added: string[] = [];
  for (const [kernel, sources] of kernelSources(kernels, typed.graph)) {
    if (sources.length === 0) added.push(kernel.op);
    for (const node of sources) byNode.get(node)!.push(kernel);
  }
  const unsupported = unsupportedNodes(typed.graph, options.backend?.capabilities ?? runtimeKernels);
  const verified = nodes.map((node): VerifiedNode => {
    const own = byNode.get(node)!;
    const runs = stateOf(node, own, unsupported.get(node) ?? null);
    return {
      node: node.label,
      op: node.op,
      runs,
      kernels: own.map(({ op }) => op),
      macs: multiplyAccumulates(own).total,
      reason: codesOfWeightsOnly(node, own) ?? reasonOf(node, runs, unsupported.get(node) ?? null),
    };
  });
  return { integerMacs: integerShare(kernels), nodes: verified, added };
}

/** What ONNX Runtime's CPU provider runs on integers; the settings of the specs play no part here. */
const runtimeKernels: CapabilityTable = {
  activation: observed("uint8"),
  weight: { ...observed("int8", { symmetric: true }), granularity: "channel" },
  ops: onnxRuntimeKernels("uint8"),
};

/** A node without a kernel of its own was either taken in by others or, where nobody could, expanded into several. */
function stateOf(node: Node, kernels: readonly KernelRun[], unsupported: string | null): RunsAs {
  const state = nodeKind(node, kernels, (kernel) => multiplyAccumulates([kernel]).total);
  const isExpanded =
    state === "absorbed" && unsupported !== null && computesFloats(node) && !isConversion(node) && !isTakenIn(node);
  return isExpanded ? "float" : state;
}

/** Ops that vanish into the kernel before or behind them, or altogether. */
function isTakenIn({ op }: Node): boolean {
  return ["Relu", "Clip", "Identity", "Dropout", "BatchNormalization", "Pad", "Constant", "Cast"].includes(op);
}

/** What weights stored as codes mean for a node that computes in float all the same; null for others. */
function codesOfWeightsOnly(node: Node, kernels: readonly KernelRun[]): string | null {
  const codes = codesBehind(node.inputs[1] ?? null);
  if (!codes || !dataOf(codes.value) || codesBehind(node.inputs[0] ?? null)) return null;
  return kernels.some(({ op }) => op === "MatMulNBits")
    ? "only its weights are codes: the kernel reads them, and rounds activations to 8 bits on the way unless the session says session.qdq_matmulnbits_accuracy_level 1"
    : "only its weights are codes: they are dequantized in each run";
}

function reasonOf(node: Node, runs: RunsAs, unsupported: string | null): string | null {
  if (runs === "integer") return wrongAxis(node);
  if (runs === "conversion") return whatItConverts(node);
  return runs === "float" && !isConversion(node) ? whyFloat(node, unsupported) : null;
}

async function feedsFor(bytes: Uint8Array): Promise<Feeds> {
  const session = await Session.create(bytes, { optimization: "disabled" });
  try {
    return madeUpFeeds(session.inputs, 1);
  } finally {
    await session.release();
  }
}
