import type { TriedPlan } from "./target-search.ts";
import type { MetricOutcome, SearchTarget } from "./target.ts";

/** How the layers of a model are computed: those of no set on 8-bit integers. */
export interface LayerChoices {
  readonly float: ReadonlySet<string>;
  /** With activations of 16 bits. */
  readonly wide: ReadonlySet<string>;
  /** With float activations, and weights that the kernel reads as codes. */
  readonly weightOnly: ReadonlySet<string>;
}

/** All layers on 8-bit integers. */
export const allOnIntegers: LayerChoices = { float: new Set(), wide: new Set(), weightOnly: new Set() };

/** A search for how to compute each layer. */
export interface PlanProblem {
  readonly target: SearchTarget;
  /** Names of the layers in the order in which they are put on 8-bit integers. */
  readonly order: readonly string[];
  /** Layers that have kernels for activations of 16 bits. Default: none. */
  readonly wide?: ReadonlySet<string>;
  /** Layers that have kernels for weights as codes beside float activations. Default: none. */
  readonly weightOnly?: ReadonlySet<string>;
  /** All layers on 8-bit integers, in words. Default: as planned. */
  readonly start?: string;
  /** What was tried before, and is not within the target. */
  readonly before?: readonly TriedPlan[];
  /** Samples that `measure` looks at. */
  readonly samples: number;
  /** What the model costs. */
  costOf(choices: LayerChoices): number;
  /** What the model reaches. */
  measure(choices: LayerChoices): Promise<MetricOutcome>;
  /** Called before each measurement with how many may still follow at most, itself included. */
  readonly onTry?: (left: number) => void;
}

/** What a search found. */
export interface FoundPlans {
  readonly tried: readonly TriedPlan[];
  /** Indices of tried plans within the target, the cheapest first. */
  readonly within: readonly number[];
  /** The index of the tried plan that comes closest. */
  readonly closest: number;
  readonly stopped: string;
}

/** The names of choices in the order of the layers: the part of a tried plan that says what it is. */
export function namedChoices(
  order: readonly string[],
  choices: LayerChoices,
): Pick<TriedPlan, "float" | "wide" | "weightOnly"> {
  const inOrder = (names: ReadonlySet<string>): readonly string[] => order.filter((name) => names.has(name));
  return { float: inOrder(choices.float), wide: inOrder(choices.wide), weightOnly: inOrder(choices.weightOnly) };
}

/** The choices of a tried plan. */
export function choicesIn({ float, wide, weightOnly }: Pick<TriedPlan, "float" | "wide" | "weightOnly">): LayerChoices {
  return { float: new Set(float), wide: new Set(wide), weightOnly: new Set(weightOnly) };
}
