import type { Graph, Node } from "@lowbit/ir";
import { adviceFor, type Analysis, type Skipped } from "@lowbit/quantize";
import {
  reportGraph,
  type NodeFacts,
  type Pair,
  type ReportData,
  type ReportSearch,
  type TrainingCurves,
} from "@lowbit/report";
import type { Feeds } from "@lowbit/runtime";
import type { Dataset, MetricName } from "@lowbit/train";
import { sampleOf } from "../sample-feeds.ts";
import { runtimeConfigOf } from "../backends/runtime-config.ts";
import { measureDeployment, type ModelAndFile } from "./deployment.ts";
import { nodeRuns, type NodeRuns } from "./node-runs.ts";

/** A quantized or trained model, and what is known about it already. */
export interface ReportSubject {
  /** The title of the report. */
  readonly name: string;
  readonly kind: ReportData["kind"];
  /** Null for a float model. */
  readonly backend: string | null;
  /** The graph to draw: what the plan is about, or the trained model. */
  readonly graph: Graph;
  /** Nodes of the graph that stay float, with the reasons. */
  readonly skipped: readonly Skipped[];
  /** The new model, and the one it was made from. */
  readonly models: Pair<ModelAndFile>;
  readonly analysis: Analysis | null;
  /** Why nodes stay float that are not among the skipped ones; default: they have nothing to quantize. */
  readonly floatReason?: string;
  readonly training?: TrainingCurves | null;
  readonly search?: ReportSearch | null;
  /** What is missing, and why. */
  readonly notes?: readonly string[];
}

/** How a report is made. */
export interface ModelReportOptions {
  /** The command that makes the report again. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Without it nothing is measured against targets, and the model runs on made-up inputs. */
  readonly data?: Dataset | null;
  /** Where the data is from, for people. */
  readonly dataName?: string;
  /** Measured on both models when the data has targets. */
  readonly metric?: MetricName | null;
  /** At most this many samples. Default: 512. */
  readonly samples?: number;
  readonly threads?: number;
  /** Called with what is done next, in words. */
  readonly progress?: (doing: string) => void;
}

/**
 * Measures a model beside the one it was made from, and puts together everything a report shows: `reportHtml` makes a page of
 * it.
 *
 * @throws CompileError what the runtime and the data throw
 */
export async function modelReport(subject: ReportSubject, options: ModelReportOptions): Promise<ReportData> {
  const { graph, models, analysis, backend } = subject;
  const { data = null, metric = null, samples = 512, threads, progress } = options;
  const feeds = await sampleOf(models.made.model, data);
  const runtime = threads === undefined ? {} : { threads };
  const deployed = await measureDeployment(models, {
    quality: data?.hasTargets && metric ? { data, metric, samples, source: options.dataName ?? "the data" } : null,
    feeds,
    threads,
    onIntegers: backend !== null,
    ...(progress ? { progress } : {}),
  });
  progress?.("measuring kernels");
  const names = new Set([...graph.nodes].map(({ label }) => label));
  const float = await nodeRuns(models.float.model, await floatFeeds(subject, feeds, data), names, runtime);
  const made = await nodeRuns(models.made.model, feeds, names, { ...runtimeConfigOf(models.made), ...runtime });
  return {
    ...unmeasuredReport(subject, { ...options, metric }, factsWith(subject, { float, made })),
    deployment: { ...deployed, conversions: backend === null ? null : made.others / made.total },
    advice: Object.fromEntries((analysis?.layers ?? []).map((layer) => [layer.name, adviceFor(layer, analysis!)])),
  };
}

/** A report about a training that was stopped: its curves and its graph; nothing is measured. */
export function interruptedReport(
  subject: ReportSubject,
  reason: string,
  options: Pick<ModelReportOptions, "command" | "versions" | "metric">,
): ReportData {
  return { ...unmeasuredReport(subject, options, factsWith(subject, null)), interrupted: reason };
}

function unmeasuredReport(
  { name, kind, backend, graph, analysis, training = null, search = null, notes = [] }: ReportSubject,
  { command, versions, metric = null }: Pick<ModelReportOptions, "command" | "versions" | "metric">,
  factsOf: (node: Node) => NodeFacts,
): ReportData {
  return {
    model: name,
    kind,
    backend,
    metric,
    command,
    versions,
    deployment: null,
    analysis,
    notes,
    advice: {},
    graph: reportGraph(graph, factsOf),
    training,
    search,
    interrupted: null,
  };
}

/** What each node of the drawn graph belongs to, runs as and takes. */
function factsWith(
  { backend, analysis, skipped, floatReason }: ReportSubject,
  runs: Pair<NodeRuns> | null,
): (node: Node) => NodeFacts {
  const layers = (analysis?.layers ?? []).flatMap(({ name, nodes }) => nodes.map((node) => [node, name] as const));
  const layerOf = new Map(layers);
  const reasons = new Map(skipped.map(({ node, reason }) => [node, reason]));
  return (node) => {
    const layer = layerOf.get(node.label) ?? null;
    const made = runs?.made.byName.get(node.label);
    const float = runs?.float.byName.get(node.label);
    const isFloat = made?.runs === "float";
    const integer = backend === null ? null : made?.runs === "integer" || (layer !== null && !isFloat);
    const astray = layer !== null && isFloat ? "planned for integers, but ONNX Runtime ran it in float here" : null;
    return {
      layer,
      integer,
      reason: reasons.get(node) ?? astray ?? (integer === false ? (floatReason ?? null) : null),
      time: made || float ? { float: float?.microseconds ?? null, made: made?.microseconds ?? null } : null,
    };
  };
}

/** The new model's inputs, unless the model it was made from takes others. */
async function floatFeeds({ models }: ReportSubject, feeds: Feeds, data: Dataset | null): Promise<Feeds> {
  const { float } = models;
  const fits = float.model.graph.inputs.every(({ name, initializer }) => initializer || name in feeds);
  return fits ? feeds : sampleOf(float.model, data);
}
