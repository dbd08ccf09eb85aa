import type { Improvement } from "../improve/improvement.ts";
import type { RangeCut } from "./cut-ranges.ts";
import type { MetricOutcome, SearchTarget } from "./target.ts";

/**
 * How a layer is computed; `int16` is int8 weights with activations of 16 bits, `weight-only` float activations with weights
 * that the kernel reads as codes.
 */
export type LayerChoice = "int8" | "int16" | "weight-only" | "float";

/** How a search for the cheapest plan within a target went: data for terminals and reports. */
export interface TargetSearch {
  readonly target: SearchTarget;
  /** Samples that plans were tried with, and those that the chosen one was confirmed with. */
  readonly samples: { readonly search: number; readonly all: number };
  /** What the float model reaches: its metric, over the samples of the search and over all; null for an SQNR. */
  readonly float: { readonly search: number | null; readonly all: number | null };
  /** What is made as small as the target allows. */
  readonly cost: { readonly unit: "µs" | "float products"; readonly about: string };
  /** Cost of the float model, of the plan before the search, and of the chosen one. */
  readonly costs: { readonly float: number; readonly planned: number; readonly chosen: number };
  /** The ways to compute a layer that the search knows, and why each was or was not used. */
  readonly choices: readonly { readonly choice: string; readonly layers: number; readonly reason: string }[];
  /** In the order in which they are put on integers: least noise for what each saves first. */
  readonly layers: readonly SearchedLayer[];
  /** Ranges of activations that the plans have cut. Empty where the first plan is within the target. */
  readonly ranges: readonly RangeCut[];
  /** What the search does to the model beside what was asked for, since that costs nothing when it runs. */
  readonly corrections: readonly Improvement[];
  /** In order. */
  readonly tried: readonly TriedPlan[];
  /** Which of the tried plans was taken. */
  readonly chosen: number;
  /** What the chosen plan reaches on all samples. */
  readonly reached: MetricOutcome;
  readonly stopped: string;
}

/** A layer that may be left float. */
export interface SearchedLayer {
  readonly name: string;
  readonly op: string;
  /** Multiply-accumulates for one sample. */
  readonly macs: number;
  /** SQNR of the model's results with only this layer quantized, in dB; null where nothing is lost. */
  readonly alone: number | null;
  /** What the model costs more with this layer float and the others as planned; below 0 where float is cheaper. */
  readonly saves: number;
  /** How it is computed in the end. */
  readonly choice: LayerChoice;
}

/** A plan that was tried. */
export interface TriedPlan {
  /** What was tried, in words. */
  readonly what: string;
  /** Names of the layers left float beyond those of the plan. */
  readonly float: readonly string[];
  /** Names of the layers with 16-bit activations. */
  readonly wide: readonly string[];
  /** Names of the layers with float activations whose kernels read their weights as codes. */
  readonly weightOnly: readonly string[];
  readonly cost: number;
  /** How many samples it was measured with. */
  readonly samples: number;
  readonly outcome: MetricOutcome;
  readonly meets: boolean;
}
