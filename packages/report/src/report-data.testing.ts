import type { Analysis, CodeStatistics, LayerAnalysis } from "@lowbit/quantize";
import type { ReportData } from "./report-data.ts";

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

/** A made-up report about a chain of layers with these names, behind one node that stays float. */
export function reportDataOf(names: readonly string[]): ReportData {
  const layers = names.map(layer);
  const analysis: Analysis = {
    samples: 500,
    float: { sqnr: null, metric: 0.9173 },
    quantized: { sqnr: 24.68, metric: 0.8712 },
    output: { sqnr: 24.68, cosine: 0.998, maxDifference: 0.5 },
    layers,
    values: names.map((name) => ({ ...statistics, name: `${name}_out`, layers: [name] })),
  };
  const nodes = [
    { name: "first", op: "Relu", layer: null, reason: "kept in float on request" },
    ...names.map((name) => ({ name, op: "Conv", layer: name, reason: null })),
  ];
  return {
    model: names[0]!,
    backend: "x86",
    metric: "accuracy",
    command: "lowbit analyze model.onnx --backend x86",
    versions: { lowbit: "0.1.0" },
    analysis,
    advice: Object.fromEntries(names.map((name) => [name, { action: "equalize", reason: `because of ${name}` }])),
    graph: { nodes, edges: names.map((name, i) => ({ from: i, to: i + 1, value: `${name}_in` })) },
  };
}
