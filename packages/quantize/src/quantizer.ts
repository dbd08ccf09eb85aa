import type { Graph } from "@lowbit/ir";
import type { QuantPlan } from "./plan/plan.ts";

/** What the user asks of an annotation. */
export interface AnnotateOptions {
  /** Patterns of nodes (by name, or by the name of a result) that stay float; `*` stands for any text. */
  readonly keepFloat?: readonly string[];
}

/** Decides what to quantize and how; pure, it changes nothing. */
export interface Quantizer {
  readonly name: string;
  annotate(graph: Graph, options?: AnnotateOptions): QuantPlan;
}
