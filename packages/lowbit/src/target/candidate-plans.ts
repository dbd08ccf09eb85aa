import type { Backend } from "@lowbit/backend-kit";
import type { Graph, Node } from "@lowbit/ir";
import {
  createPlan,
  keepFloat,
  nodesMatching,
  planFromJson,
  planToJson,
  valueOf,
  type PlanJson,
  type QuantPlan,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { withWeightScheme, type WeightScheme } from "../weight-scheme.ts";

/** What a user asks of all plans that are tried. */
export interface PlanWishes {
  readonly backend: Backend;
  readonly keepFloat: readonly string[];
  readonly weights: WeightScheme;
  /** Tried instead of what the backend plans. */
  readonly plan?: PlanJson;
}

/** Why a layer stays float that could be on integers. */
const forTheTarget = "left float to meet the target";

/** Makes the plans of a search: those of the user or the backend, with some layers left float. */
export class CandidatePlans {
  readonly #graph: Graph;
  readonly #wishes: PlanWishes;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #known = new Map<string, QuantPlan>();

  /** @param graph an optimized float graph */
  constructor(graph: Graph, wishes: PlanWishes) {
    this.#graph = graph;
    this.#wishes = wishes;
    this.#nodes = new Map([...graph.nodes].map((node) => [node.label, node]));
  }

  /** Whether a layer of that name can be left float. */
  has(layer: string): boolean {
    return this.#nodes.has(layer);
  }

  /** The plan with some layers float, by their names. The backend plans around them anew. */
  plan(float: ReadonlySet<string>): QuantPlan {
    const key = JSON.stringify([...float].toSorted());
    const known = this.#known.get(key);
    if (known) return known;
    const plan = this.#make(new Set([...float].map((name) => this.#nodes.get(name)!)));
    this.#known.set(key, plan);
    return plan;
  }

  /** The same plan as JSON, in which the search is the reason. */
  json(float: ReadonlySet<string>): PlanJson {
    const json = planToJson(this.plan(float));
    const labels = new Set([...float].flatMap((name) => [name, this.#nodes.get(name)!.outputs[0]!.name]));
    const skipped = (json.skipped ?? []).map((each) =>
      labels.has(each.node) ? { ...each, reason: forTheTarget } : each,
    );
    return { ...json, skipped };
  }

  /** The plan in which the layers left float have their weights as codes. */
  weightOnly(float: ReadonlySet<string>): QuantPlan {
    const plan = this.plan(float);
    const specs = new Map<QuantPoint, QuantSpec>(plan.specs);
    for (const [point, spec] of this.plan(new Set()).specs) {
      if (!specs.has(point) && spec.kind === "observed" && valueOf(point)?.initializer) specs.set(point, spec);
    }
    return createPlan(plan.graph, specs, plan.skipped);
  }

  #make(float: ReadonlySet<Node>): QuantPlan {
    const { backend, keepFloat: globs, weights, plan: json } = this.#wishes;
    if (json) {
      const plan = keepFloat(planFromJson(this.#graph, json), nodesMatching(this.#graph, globs));
      return withWeightScheme(keepFloat(plan, float), weights);
    }
    const names = [...float].map((node) => node.outputs[0]!.name);
    return withWeightScheme(backend.quantizer.annotate(this.#graph, { keepFloat: [...globs, ...names] }), weights);
  }
}
