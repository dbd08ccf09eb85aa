import type { Advice, Analysis } from "@lowbit/quantize";
import type { LevelLayout } from "./layout/level-layout.ts";
import type { TrainingCurves } from "./training-record.ts";

/** A node of the float model as the report draws it. */
export interface ReportNode {
  readonly name: string;
  readonly op: string;
  /** Name of the quantized layer it belongs to; null when it stays float. */
  readonly layer: string | null;
  /** Whether it computes on integers in the quantized model; null where there is none. */
  readonly integer: boolean | null;
  /** Why it stays float; null where nobody said. */
  readonly reason: string | null;
  /** Time of one run in the float and in the new model, in microseconds, as profiled; null where it was not measured. */
  readonly time: Pair<number | null> | null;
  /** Index of the innermost block it stands in; null for none. */
  readonly block: number | null;
}

/** A value that one node reads from another: indices into the nodes. */
export interface ReportEdge {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

/** Nodes that can be drawn as one box: a module by the names of its nodes, one of several equal parts, or a section of many. */
export interface ReportBlock {
  readonly name: string;
  /** Index of the block it stands in; null for none. */
  readonly parent: number | null;
  /** How many blocks have the same ops, wired the same way, itself included. */
  readonly alike: number;
}

/** The graph as the report draws it; data of the model is left out. */
export interface ReportGraph {
  readonly nodes: readonly ReportNode[];
  readonly edges: readonly ReportEdge[];
  readonly blocks: readonly ReportBlock[];
  /** Where things stand while all blocks in them are closed: of the whole graph first, then of each block. */
  readonly layouts: readonly LevelLayout[];
}

/** A number of the float model beside the same number of the quantized (or trained) one. */
export interface Pair<T> {
  readonly float: T;
  readonly made: T;
}

/** How long one run takes, in milliseconds: median and quartiles. */
export interface Latency {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** What was measured on the models as they are deployed. */
export interface Deployment {
  /** Of the files, with their data files. */
  readonly bytes: Pair<number>;
  /** Both models in turns. */
  readonly latency: (Pair<Latency> & { readonly batch: number; readonly threads: number }) | null;
  /** Share of multiply-accumulates that ran on integers, 0 to 1; null for a float model. */
  readonly integerMacs: number | null;
  /** Of the metric, on ONNX Runtime; null without targets. */
  readonly quality: (Pair<number> & { readonly samples: number; readonly data: string }) | null;
  /** Share of the time of kernels, as profiled, that belongs to no node of the drawn graph: conversions above all. 0 to 1. */
  readonly conversions: number | null;
  /** Processor, cores and system. */
  readonly machine: string;
}

/** How the plan was searched for, in words. */
export interface ReportSearch {
  readonly target: string;
  /** In the order in which they were tried. */
  readonly plans: readonly {
    readonly what: string;
    /** Layers on integers of 8 bits, and with activations of 16; null where no plan has such. */
    readonly layers: number;
    readonly wide: number | null;
    /** Those with float activations and weights as codes; null where none of the plans has any. */
    readonly weightOnly: number | null;
    readonly reaches: string;
    readonly cost: string;
    readonly verdict: "chosen" | "within" | "";
  }[];
  /** What the cost is. */
  readonly cost: string;
  readonly notes: readonly string[];
}

/** Everything that a report shows. */
export interface ReportData {
  readonly model: string;
  /** What was done to the model. */
  readonly kind: "analyze" | "quantize" | "train";
  /** Null for a float model. */
  readonly backend: string | null;
  /** What was measured against targets; null: only the error of the results. */
  readonly metric: string | null;
  /** How to make this report again. */
  readonly command: string;
  /** Names and versions of what made it. */
  readonly versions: Readonly<Record<string, string>>;
  /** Null when the run was stopped before there was anything to measure. */
  readonly deployment: Deployment | null;
  /** Null where there are no quantized layers to tell apart. */
  readonly analysis: Analysis | null;
  /** What is missing from the report, and why. */
  readonly notes: readonly string[];
  /** By layer. */
  readonly advice: Readonly<Record<string, Advice>>;
  readonly graph: ReportGraph;
  readonly training: TrainingCurves | null;
  /** Null where the plan is that of the backend or of the user. */
  readonly search: ReportSearch | null;
  /** Why the run ended before its end; null when it did not. */
  readonly interrupted: string | null;
}
