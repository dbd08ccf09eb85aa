import { wideAnchors, withWideActivations, type Backend } from "@lowbit/backend-kit";
import type { Graph, Node, Shape } from "@lowbit/ir";
import {
  createPlan,
  improvementsOf,
  keepFloat,
  nodesMatching,
  planFromJson,
  planToJson,
  togetherInOrder,
  weightOnlyPlan,
  withCutRanges,
  type Improvement,
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

/** Why the activations of a layer stay float. */
const onlyWeights = "its weights are codes, and what it reads stays float";

/** What all plans of a search have beside what they choose for each layer. */
export interface PlanSetting {
  readonly cuts: readonly RangeCut[];
  /** What is done to the float model, beside what the user's plan says. */
  readonly improve: readonly Improvement[];
}

/** Makes the plans of a search: those of the user or the backend, with some layers left float, and with ranges cut. */
export class CandidatePlans {
  readonly #graph: Graph;
  readonly #wishes: PlanWishes;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #setting: PlanSetting;
  readonly #known = new Map<string, QuantPlan>();

  /** @param graph an optimized float graph */
  constructor(graph: Graph, wishes: PlanWishes, setting: PlanSetting = { cuts: [], improve: [] }) {
    this.#graph = graph;
    this.#wishes = wishes;
    this.#setting = setting;
    this.#nodes = new Map([...graph.nodes].map((node) => [node.label, node]));
  }

  /** The same plans with these ranges, where values keep their dtype, and with this done to the float model. */
  in(setting: PlanSetting): CandidatePlans {
    return new CandidatePlans(this.#graph, this.#wishes, setting);
  }

  /** Whether a layer of that name can be left float. */
  has(layer: string): boolean {
    return this.#nodes.has(layer);
  }

  /** Names of the layers that have kernels for activations of 16 bits. */
  wide(): ReadonlySet<string> {
    return new Set([...wideAnchors(this.#graph, this.#wishes.backend.capabilities)].map(({ label }) => label));
  }

  /** Names of the layers that have kernels for weights as codes beside float activations. */
  weightOnly(): ReadonlySet<string> {
    const { weightBlocks } = this.#wishes.backend;
    const hasKernel = (node: Node): boolean => weightBlocks?.ops.includes(node.op) === true && isOwnMatrix(node);
    return new Set([...this.#nodes].flatMap(([name, node]) => (hasKernel(node) ? [name] : [])));
  }

  /** The plan with some layers float, or of other kinds. The backend plans around those with float activations anew. */
  plan({ float, wide, weightOnly }: LayerChoices): QuantPlan {
    const key = JSON.stringify([float, wide, weightOnly].map((names) => [...names].toSorted()));
    const known = this.#known.get(key);
    if (known) return known;
    const plan = this.#withWeightCodes(this.#make(this.#named(new Set([...float, ...weightOnly]))), weightOnly);
    const widened =
      wide.size === 0 ? plan : withWideActivations(plan, this.#wishes.backend.capabilities, this.#named(wide));
    const made = withCutRanges(widened, this.#setting.cuts);
    this.#known.set(key, made);
    return made;
  }

  /** The same plan as JSON, in which the search is the reason. */
  json(choices: LayerChoices): PlanJson {
    const given = this.#wishes.plan ? improvementsOf(this.#wishes.plan) : [];
    const json = planToJson(this.plan(choices), togetherInOrder(given, this.#setting.improve));
    const labels = new Set([...choices.float].flatMap((name) => [name, this.#nodes.get(name)!.outputs[0]!.name]));
    const skipped = (json.skipped ?? []).map((each) =>
      labels.has(each.node) ? { ...each, reason: forTheTarget } : each,
    );
    return { ...json, skipped };
  }

  /** Microseconds of a run under a plan, where the backend knows the costs of its kernels. */
  latency(plan: QuantPlan): number {
    return this.#wishes.backend.latency!(plan, this.#wishes.inputShapes);
  }

  #named(layers: ReadonlySet<string>): ReadonlySet<Node> {
    return new Set([...layers].map((name) => this.#nodes.get(name)!));
  }

  /** A plan with the weights of some layers, whose activations it leaves float, as codes in blocks. */
  #withWeightCodes(plan: QuantPlan, names: ReadonlySet<string>): QuantPlan {
    if (names.size === 0) return plan;
    const nodes = this.#named(names);
    const { dtype, granularity } = this.#wishes.weights;
    const block = typeof granularity === "object" ? granularity.block : this.#wishes.backend.weightBlocks!.size;
    const codes = weightOnlyPlan(this.#graph, { ...(dtype ? { dtype } : {}), granularity: { block } });
    const specs = new Map<QuantPoint, QuantSpec>(plan.specs);
    for (const node of nodes) specs.set(node.operands[1]!, codes.specs.get(node.operands[1]!)!);
    const skipped = plan.skipped.map((each) => (nodes.has(each.node) ? { ...each, reason: onlyWeights } : each));
    return createPlan(plan.graph, specs, skipped);
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

/** Whether the weights of a product are a constant matrix that it alone reads. */
function isOwnMatrix({ inputs }: Node): boolean {
  const weight = inputs[1];
  return weight?.constant?.dtype === "float" && weight.shape?.length === 2 && weight.uses.size === 1;
}
