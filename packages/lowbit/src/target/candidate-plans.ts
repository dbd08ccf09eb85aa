import { wideAnchors, withWideActivations, type Backend } from "@lowbit/backend-kit";
import type { Graph, Node, Shape } from "@lowbit/ir";
import {
  createPlan,
  keepFloat,
  nodesMatching,
  planFromJson,
  planToJson,
  valueOf,
  withCutRanges,
  type LayerChoices,
  type PlanJson,
  type QuantPlan,
  type QuantPoint,
  type QuantSpec,
  type RangeCut,
} from "@lowbit/quantize";
import { withWeightScheme, type WeightScheme } from "../weight-scheme.ts";

/** What a user asks of all plans that are tried. */
export interface PlanWishes {
  readonly backend: Backend;
  readonly keepFloat: readonly string[];
  readonly weights: WeightScheme;
  /** Tried instead of what the backend plans. */
  readonly plan?: PlanJson;
  /** Shapes that inputs have in use, by name. */
  readonly inputShapes: Readonly<Record<string, Shape>>;
}

/** Why a layer stays float that could be on integers. */
const forTheTarget = "left float to meet the target";

/** All layers as the user or the backend plans them. */
export const asPlanned: LayerChoices = { float: new Set(), wide: new Set() };

/** Makes the plans of a search: those of the user or the backend, with some layers left float, and with ranges cut. */
export class CandidatePlans {
  readonly #graph: Graph;
  readonly #wishes: PlanWishes;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #cuts: readonly RangeCut[];
  readonly #known = new Map<string, QuantPlan>();

  /** @param graph an optimized float graph */
  constructor(graph: Graph, wishes: PlanWishes, cuts: readonly RangeCut[] = []) {
    this.#graph = graph;
    this.#wishes = wishes;
    this.#cuts = cuts;
    this.#nodes = new Map([...graph.nodes].map((node) => [node.label, node]));
  }

  /** The same plans with these ranges, where values keep their dtype. */
  withRanges(cuts: readonly RangeCut[]): CandidatePlans {
    return new CandidatePlans(this.#graph, this.#wishes, cuts);
  }

  /** Whether a layer of that name can be left float. */
  has(layer: string): boolean {
    return this.#nodes.has(layer);
  }

  /** Names of the layers that have kernels for activations of 16 bits. */
  wide(): ReadonlySet<string> {
    return new Set([...wideAnchors(this.#graph, this.#wishes.backend.capabilities)].map(({ label }) => label));
  }

  /** The plan with some layers float, or with wide activations. The backend plans around the float ones anew. */
  plan({ float, wide }: LayerChoices): QuantPlan {
    const key = JSON.stringify([[...float].toSorted(), [...wide].toSorted()]);
    const known = this.#known.get(key);
    if (known) return known;
    const plan = this.#make(this.#named(float));
    const widened =
      wide.size === 0 ? plan : withWideActivations(plan, this.#wishes.backend.capabilities, this.#named(wide));
    const made = withCutRanges(widened, this.#cuts);
    this.#known.set(key, made);
    return made;
  }

  /** The same plan as JSON, in which the search is the reason. */
  json(choices: LayerChoices): PlanJson {
    const json = planToJson(this.plan(choices));
    const labels = new Set([...choices.float].flatMap((name) => [name, this.#nodes.get(name)!.outputs[0]!.name]));
    const skipped = (json.skipped ?? []).map((each) =>
      labels.has(each.node) ? { ...each, reason: forTheTarget } : each,
    );
    return { ...json, skipped };
  }

  /** The plan in which the layers left float have their weights as codes. */
  weightOnly(choices: LayerChoices): QuantPlan {
    const plan = this.plan(choices);
    const specs = new Map<QuantPoint, QuantSpec>(plan.specs);
    for (const [point, spec] of this.plan(asPlanned).specs) {
      if (!specs.has(point) && spec.kind === "observed" && valueOf(point)?.initializer) specs.set(point, spec);
    }
    return createPlan(plan.graph, specs, plan.skipped);
  }

  /** Microseconds of a run under a plan, where the backend knows the costs of its kernels. */
  latency(plan: QuantPlan): number {
    return this.#wishes.backend.latency!(plan, this.#wishes.inputShapes);
  }

  #named(layers: ReadonlySet<string>): ReadonlySet<Node> {
    return new Set([...layers].map((name) => this.#nodes.get(name)!));
  }

  #make(float: ReadonlySet<Node>): QuantPlan {
    const { backend, keepFloat: globs, weights, plan: json, inputShapes } = this.#wishes;
    if (json) {
      const plan = keepFloat(planFromJson(this.#graph, json), nodesMatching(this.#graph, globs));
      return withWeightScheme(keepFloat(plan, float), weights);
    }
    const names = [...float].map((node) => node.outputs[0]!.name);
    const annotated = backend.quantizer.annotate(this.#graph, { keepFloat: [...globs, ...names], inputShapes });
    return withWeightScheme(annotated, weights);
  }
}
