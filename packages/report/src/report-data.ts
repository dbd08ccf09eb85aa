import type { Advice, Analysis } from "@lowbit/quantize";

/** A node of the float model as the report draws it. */
export interface ReportNode {
  readonly name: string;
  readonly op: string;
  /** Name of the quantized layer it belongs to; null when it stays float. */
  readonly layer: string | null;
  /** Why it stays float; null where nobody said. */
  readonly reason: string | null;
}

/** A value that one node reads from another: indices into the nodes. */
export interface ReportEdge {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

/** The graph as the report draws it; data of the model is left out. */
export interface ReportGraph {
  readonly nodes: readonly ReportNode[];
  readonly edges: readonly ReportEdge[];
}

/** Everything that a report shows. */
export interface ReportData {
  readonly model: string;
  readonly backend: string;
  /** What was measured against targets; null: only the error of the results. */
  readonly metric: string | null;
  /** How to make this report again. */
  readonly command: string;
  /** Names and versions of what made it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly analysis: Analysis;
  /** By layer. */
  readonly advice: Readonly<Record<string, Advice>>;
  readonly graph: ReportGraph;
}
