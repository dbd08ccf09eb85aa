import type { Analysis, CodeStatistics, LayerAnalysis } from "@lowbit/quantize";
import { blocksOf } from "./blocks/blocks.ts";
import { closedLayouts, levelsOf } from "./layout/levels.ts";
import type { ReportData, ReportEdge, ReportGraph, ReportNode } from "./report-data.ts";

const statistics: CodeStatistics = {
  grid: { dtype: "uint8", qmin: 0, qmax: 255, scale: [0.0125], zeroPoint: [7], axis: null, blockSize: null },
  histogram: { start: 0, width: 0.5, counts: [40, 30, 0, 7], zeros: 11 },
  channels: { min: [0, 0.1, 0], max: [2, 1.5, 1] },
  error: { sqnr: 33.21, cosine: 0.99912, maxDifference: 0.00625 },
  saturated: 0.0123,
  unused: 0.25,
  core: [0, 1.9],
};

function layer(name: string, index: number): LayerAnalysis {
  return {
    name,
    op: "Conv",
    origins: [name],
    nodes: [name],
    output: `${name}_out`,
    macs: 1000 * (index + 1),
    isolated: { sqnr: 40 - index, cosine: 0.9999, maxDifference: 0.1 },
    cumulative: { sqnr: 30 - index, cosine: 0.999, maxDifference: 0.2 },
    quantizedAlone: { sqnr: 41.5 - index, metric: 0.9 - index / 100 },
    leftFloat: { sqnr: 25.5 + index, metric: 0.8 },
    weight: index === 0 ? statistics : null,
  };
}

/** A made-up graph as a report draws it. */
export function reportGraphOf(nodes: readonly Omit<ReportNode, "block">[], edges: readonly ReportEdge[]): ReportGraph {
  const { blocks, blockOf } = blocksOf(nodes, edges);
  const placed = nodes.map((node, index): ReportNode => ({ ...node, block: blockOf[index]! }));
  const layouts = closedLayouts(levelsOf({ nodes: placed, edges, blocks }));
  return { nodes: placed, edges, blocks, layouts };
}

/** A made-up report about a chain of layers with these names, behind one node that stays float. */
export function reportDataOf(names: readonly string[]): ReportData {
  const analysis: Analysis = {
    samples: 500,
    float: { sqnr: null, metric: 0.9173 },
    quantized: { sqnr: 24.68, metric: 0.8712 },
    output: { sqnr: 24.68, cosine: 0.998, maxDifference: 0.5 },
    layers: names.map(layer),
    values: names.map((name) => ({ ...statistics, name: `${name}_out`, layers: [name] })),
  };
  const nodes = [
    { name: "first", op: "Relu", layer: null, integer: false, reason: "kept in float on request", time: null },
    ...names.map((name, i) => ({
      name,
      op: "Conv",
      layer: name,
      integer: true,
      reason: null,
      time: { float: 30 + i, made: 12.5 + i },
    })),
  ];
  const edges = names.map((name, i) => ({ from: i, to: i + 1, value: `${name}_in` }));
  return {
    model: names[0]!,
    kind: "analyze",
    backend: "x86",
    metric: "accuracy",
    command: "lowbit analyze model.onnx --backend x86",
    versions: { lowbit: "0.1.0" },
    deployment: {
      bytes: { float: 1_110_000, made: 314_159 },
      latency: {
        float: { median: 0.558, low: 0.5, high: 0.6 },
        made: { median: 0.351, low: 0.3, high: 0.4 },
        batch: 1,
        threads: 2,
      },
      integerMacs: 0.9891,
      quality: { float: 0.9173, made: 0.8712, samples: 500, data: "test.npz" },
      conversions: 0.1234,
      machine: "a processor (2 cores)",
    },
    analysis,
    notes: [],
    advice: Object.fromEntries(names.map((name) => [name, { action: "equalize", reason: `because of ${name}` }])),
    graph: reportGraphOf(nodes, edges),
    training: null,
    search: {
      target: "at most 1 point less of accuracy",
      plans: [
        {
          what: "all layers as planned",
          layers: 3,
          wide: null,
          weightOnly: null,
          reaches: "50.00 % accuracy",
          cost: "10 µs",
          verdict: "",
        },
        {
          what: `without ${names[0]!}`,
          layers: 2,
          wide: null,
          weightOnly: null,
          reaches: "91.00 % accuracy",
          cost: "12 µs",
          verdict: "chosen",
        },
      ],
      cost: "takes",
      notes: ["ended: nothing is left to try"],
    },
    interrupted: null,
  };
}

/** A made-up report about a training in two phases that was stopped; `unit` goes into all names. */
export function trainingReportOf(name: string): ReportData {
  return {
    ...reportDataOf(["conv1", "conv2"]),
    kind: "train",
    deployment: null,
    analysis: null,
    model: name,
    training: {
      epochs: [
        { epoch: 1, step: 100, loss: 0.75, validation: 0.9012, changedCodes: 0.3, seconds: 4.2 },
        { epoch: 2, step: 200, loss: 0.25, validation: 0.9345, changedCodes: 0.0567, seconds: 4 },
      ],
      steps: Array.from({ length: 20 }, (_, i) => ({ step: 10 * (i + 1), loss: 1 / (i + 1), learningRate: 0.001 })),
      marks: [
        { kind: "phase", step: 100, epoch: 2, text: `observers frozen ${name}` },
        { kind: "stopped", step: 200, epoch: 2, text: "stopped at step 200" },
      ],
      plannedSteps: 300,
      kept: null,
      metric: "accuracy",
    },
    interrupted: `This training did not reach its end: ${name}`,
  };
}
