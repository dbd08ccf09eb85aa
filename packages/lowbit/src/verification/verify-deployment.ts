import { onnxRuntimeKernels, type Backend, type CapabilityTable } from "@lowbit/backend-kit";
import { cloneModel, CompileError, inferShapes, type Model, type Node } from "@lowbit/ir";
import { isConversion, observed } from "@lowbit/quantize";
import {
  integerShare,
  mappedKernels,
  multiplyAccumulates,
  Session,
  whatRan,
  type Feeds,
  type KernelRun,
} from "@lowbit/runtime";
import { runtimeConfigOf } from "../backends/runtime-config.ts";
import { refusedMadeUpInputs } from "../diagnostics.ts";
import { madeUpFeeds } from "../made-up-feeds.ts";
import { whatItConverts } from "./converts.ts";
import { codesBehind, dataOf } from "./dequantized.ts";
import { unsupportedNodes } from "./float-view.ts";
import { nodeKind, type RunsAs } from "./runs-as.ts";
import { whyFloat, wrongAxis } from "./why-float.ts";

/** How a model is verified. */
export interface VerifyOptions {
  /** Whose kernels are formed, and explain what stays float. Default: those of ONNX Runtime on ordinary CPUs. */
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
  /** Kernels that stand for no node of the model, such as changes of layout. */
  readonly added: readonly AddedKernel[];
}

/** A kernel of the runtime's own. */
export interface AddedKernel {
  readonly op: string;
  /** As in `layout between Conv "first" and Conv "second"`. */
  readonly purpose: string;
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
  const { backend = null, threads } = options;
  const runtime = { ...runtimeConfigOf(backend), ...(threads === undefined ? {} : { threads }) };
  const mapped = options.feeds
    ? await mappedKernels(typed, options.feeds, whatRan, runtime)
    : await mappedKernels(typed, await feedsFor(typed), whatRan, runtime).catch((error: unknown) => {
        const refused = refusedMadeUpInputs(error, "error");
        throw refused ? new CompileError(refused) : error;
      });
  const byNode = new Map<Node, KernelRun[]>(nodes.map((node) => [node, []]));
  const added: AddedKernel[] = [];
  for (const { kernel, main, purpose } of mapped) {
    if (main) byNode.get(main)!.push(kernel);
    else added.push({ op: kernel.op, purpose: purpose! });
  }
  const unsupported = unsupportedNodes(typed.graph, backend?.capabilities ?? runtimeKernels);
  const verified = nodes.map((node): VerifiedNode => {
    const own = byNode.get(node)!;
    const runs = nodeKind(node, own, (kernel) => multiplyAccumulates([kernel]).total);
    return {
      node: node.label,
      op: node.op,
      runs,
      kernels: own.map(({ op }) => op),
      macs: multiplyAccumulates(own).total,
      reason: reasonOf(node, runs, own, unsupported.get(node) ?? null),
    };
  });
  return { integerMacs: integerShare(mapped.map(({ kernel }) => kernel)), nodes: verified, added };
}

/** What ONNX Runtime's CPU provider runs on integers; the settings of the specs play no part here. */
const runtimeKernels: CapabilityTable = {
  activation: observed("uint8"),
  weight: { ...observed("int8", { symmetric: true }), granularity: "channel" },
  ops: onnxRuntimeKernels("uint8"),
};

/** What weights stored as codes mean for a node that computes in float all the same; null for others. */
function codesOfWeightsOnly(node: Node, kernels: readonly KernelRun[]): string | null {
  const codes = codesBehind(node.inputs[1] ?? null);
  if (!codes || !dataOf(codes.value) || codesBehind(node.inputs[0] ?? null)) return null;
  return kernels.some(({ op }) => op === "MatMulNBits")
    ? "only its weights are codes: the kernel reads them, and rounds activations to 8 bits on the way unless the session says session.qdq_matmulnbits_accuracy_level 1"
    : "only its weights are codes: they are dequantized in each run";
}

function reasonOf(node: Node, runs: RunsAs, kernels: readonly KernelRun[], unsupported: string | null): string | null {
  if (runs === "integer") return wrongAxis(node);
  if (runs === "conversion") return whatItConverts(node);
  if (runs !== "float" || isConversion(node)) return null;
  return codesOfWeightsOnly(node, kernels) ?? whyFloat(node, unsupported);
}

async function feedsFor(model: Model): Promise<Feeds> {
  const session = await Session.create(model, { optimization: "disabled" });
  try {
    return madeUpFeeds(session.inputs, 1);
  } finally {
    await session.release();
  }
}
